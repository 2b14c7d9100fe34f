// What every implementation of the Connection port must keep. Plain functions without a test framework, so that they
// run in a browser page as well as in Node.
import { MEDIA_SOURCES } from '@tincan/shared/call';
import {
  LOW_WATER_BYTES,
  type Connection,
  type ConnectionEvents,
  type ConnectionOptions,
  type CreateConnection,
} from '../connection.ts';
import { fingerprintOf } from '../fingerprint.ts';

export interface ContractCase {
  name: string;
  /** It is about calls, which not every platform carries. */
  media?: true;
  /** Rejects with what was not kept. */
  run: (create: CreateConnection) => Promise<void>;
}

interface Pair {
  alice: Connection;
  bob: Connection;
}

const FRAME_BYTES = 65_536;
const HIGH_WATER_BYTES = 1_048_576;

export const connectionContract: readonly ContractCase[] = [
  {
    name: 'opens on both sides and carries text both ways',
    run: async (create) => {
      const { alice, bob } = await connect(create);
      const [fromAlice, fromBob] = [next(bob, 'message'), next(alice, 'message')];
      alice.send('hello bob');
      bob.send('hello alice');
      expectEqual(await fromAlice, 'hello bob');
      expectEqual(await fromBob, 'hello alice');
      alice.close();
    },
  },
  {
    name: '[LINK-12] loses nothing that is sent as soon as the other side is open',
    run: async (create) => {
      const { alice, bob } = createPair(create);
      const received: unknown[] = [];
      alice.on('message', (message) => received.push(message));
      bob.on('open', () => ['one', 'two', 'three'].forEach((text) => bob.send(text)));
      await until(() => received.length >= 3, alice);
      expectEqual(received.join(), 'one,two,three');
      alice.close();
    },
  },
  {
    name: 'carries binary messages in order and says when it has drained',
    run: async (create) => {
      const { alice, bob } = await connect(create);
      const count = 160;
      const received: number[] = [];
      bob.on('message', (message) => {
        const whole = message instanceof ArrayBuffer && message.byteLength === FRAME_BYTES;
        received.push(whole ? new DataView(message).getUint32(0) : NaN);
      });
      for (let index = 0; index < count; index++) {
        const frame = new Uint8Array(FRAME_BYTES);
        new DataView(frame.buffer).setUint32(0, index);
        const drained = next(alice, 'drain');
        alice.send(frame);
        if (alice.bufferedBytes <= HIGH_WATER_BYTES) continue;
        await drained;
        if (alice.bufferedBytes > LOW_WATER_BYTES) throw new Error('drained above the low mark');
      }
      await until(() => received.length === count, bob);
      expectEqual(received.join(), Array.from({ length: count }, (_, index) => index).join());
      alice.close();
    },
  },
  {
    name: 'knows its route once open',
    run: async (create) => {
      const { alice } = await connect(create);
      expectEqual(await alice.route(), 'direct');
      alice.close();
      expectEqual(await alice.route(), undefined);
    },
  },
  {
    name: 'knows once open how large a message the other side takes, and brings one of that size',
    run: async (create) => {
      const { alice, bob } = await connect(create);
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const bytes = from.maxMessageBytes;
        expectEqual(Number.isInteger(bytes) && bytes >= FRAME_BYTES && bytes <= 262_144, true);
        const message = next(to, 'message');
        from.send(new Uint8Array(bytes));
        expectEqual(((await message) as ArrayBuffer).byteLength, bytes);
      }
      alice.close();
    },
  },
  {
    name: 'knows by which certificate the other side has proved itself: the one that its description names',
    run: async (create) => {
      const described = new Map<Connection, string | undefined>();
      const pair = createPair(create);
      for (const each of [pair.alice, pair.bob])
        each.on('signal', (signal) => signal.type !== 'candidate' && described.set(each, fingerprintOf(signal.sdp)));
      expectEqual(pair.alice.provenFingerprint, undefined);
      await Promise.all([next(pair.alice, 'open'), next(pair.bob, 'open')]);
      expectEqual(described.get(pair.bob)?.startsWith('SHA-256 '), true);
      expectEqual(pair.alice.provenFingerprint, described.get(pair.bob));
      expectEqual(pair.bob.provenFingerprint, described.get(pair.alice));
      pair.alice.close();
    },
  },
  {
    name: 'brings what was sent right before closing, then closes once on both sides',
    run: async (create) => {
      const { alice, bob } = await connect(create);
      const heard = next(alice, 'message');
      bob.send('hello');
      await heard; // in the very moment of opening a browser may still lose it
      const events: string[] = [];
      alice.on('close', () => events.push('alice closed'));
      bob.on('message', (message) => events.push((message as string).slice(0, 4)));
      bob.on('close', () => events.push('bob closed'));
      const closed = next(bob, 'close');
      for (const text of ['one ', 'two ', 'more']) alice.send(text.repeat(15_000)); // too much for the network to take at once
      alice.send('bye');
      alice.close();
      alice.close();
      await closed;
      bob.close();
      expectEqual(events.join(), 'alice closed,one ,two ,more,bye,bob closed');
    },
  },
  {
    name: '[MEDIA-1] has a track of every source of a call once open, and changes what it sends without a signal',
    media: true,
    run: async (create) => {
      const { alice, bob } = await connect(create, { media: true });
      const signals: string[] = [];
      for (const each of [alice, bob]) {
        each.on('signal', ({ type }) => type !== 'candidate' && signals.push(type));
        const { media } = each;
        if (!media) throw new Error('no media');
        expectEqual(MEDIA_SOURCES.map((source) => media.remote[source].kind).join(), 'audio,video,video,audio');
        expectEqual(new Set(Object.values(media.mids)).size, MEDIA_SOURCES.length);
        expectEqual(media.interrupted, false);
        for (const source of MEDIA_SOURCES) {
          await media.setTrack(source, null);
          await media.setEncoding(source, { maxBitrate: 100_000 });
        }
      }
      expectEqual(signals.join(), '');
      alice.close();
    },
  },
  {
    name: '[MEDIA-1] asks for one path, however much is described',
    media: true,
    run: async (create) => {
      const pair = createPair(create, { media: true });
      const sections: unknown[] = [];
      for (const each of [pair.alice, pair.bob])
        each.on('signal', (signal) => signal.type === 'candidate' && sections.push(signal.sdpMLineIndex));
      await Promise.all([next(pair.alice, 'open'), next(pair.bob, 'open')]);
      expectEqual([...new Set(sections)].join(), '0');
      pair.alice.close();
    },
  },
  {
    name: '[MEDIA-1] closes upon a message where a call is',
    media: true,
    run: async (create) => {
      const { alice, bob } = await connect(create, { media: true });
      const closed = next(bob, 'close');
      bob.on('message', () => expectEqual('a message', 'none'));
      // There is no telling when its channel is open.
      const timer = setInterval(() => alice.send('listen'), 20);
      const { reason } = await closed;
      clearInterval(timer);
      expectEqual(reason, 'a message on the connection of a call');
      alice.close();
    },
  },
  {
    name: '[MEDIA-1] closes where a call is wanted and the other side describes none',
    media: true,
    run: async (create) => {
      const { alice, bob } = createPair(create, { media: true }, {});
      const { reason } = await next(alice, 'close');
      expectEqual(reason, 'the other side describes no call');
      expectEqual(alice.media, undefined);
      bob.close();
    },
  },
  {
    name: 'closes without throwing on a description that is none',
    run: async (create) => {
      const bob = create({ initiator: false, iceServers: [], label: 'contract' });
      const closed = next(bob, 'close');
      bob.handleSignal({ type: 'offer', sdp: 'this is not a description' });
      await closed;
      bob.handleSignal({ type: 'answer', sdp: 'late' });
      bob.send('nobody is there');
      expectEqual(bob.bufferedBytes, 0);
    },
  },
  {
    name: 'does not throw on candidates that are none, nor on sending before it is open',
    run: async (create) => {
      const { alice, bob } = createPair(create);
      bob.handleSignal({ type: 'candidate', candidate: 'garbage', sdpMid: null, sdpMLineIndex: null });
      alice.send('too early');
      alice.close();
      bob.close();
    },
  },
];

type Extras = Pick<ConnectionOptions, 'media'>;

function createPair(create: CreateConnection, forAlice: Extras = {}, forBob = forAlice): Pair {
  const alice = create({ initiator: true, iceServers: [], label: 'contract', ...forAlice });
  const bob = create({ initiator: false, iceServers: [], label: 'contract', ...forBob });
  alice.on('signal', (signal) => bob.handleSignal(signal));
  bob.on('signal', (signal) => alice.handleSignal(signal));
  return { alice, bob };
}

async function connect(create: CreateConnection, extras: Extras = {}): Promise<Pair> {
  const pair = createPair(create, extras);
  await Promise.all([next(pair.alice, 'open'), next(pair.bob, 'open')]);
  return pair;
}

function next<Name extends keyof ConnectionEvents>(
  connection: Connection,
  name: Name,
): Promise<ConnectionEvents[Name]> {
  return new Promise((resolve) => {
    const stop = connection.on(name, (event) => {
      stop();
      resolve(event);
    });
  });
}

/** Looks again at every message of this connection. */
function until(isTrue: () => boolean, connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const look = () => void (isTrue() && resolve());
    connection.on('message', look);
    look();
  });
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}
