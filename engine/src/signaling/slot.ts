// Slots: how the owner of a room meets somebody who has nothing but a number. docs/protocol/signaling.md has the rules.
//
//   owner, on the room's connection        server         guest, on a connection of his own
//     slot-open ──────────────────────────▶
//     ◀───────────── slot-open {slot, ttlSeconds}
//                                            ◀────────────── slot-enter {slot}
//     ◀──────────────────────── slot-enter   slot-enter ──▶
//     ◀──────────────────────────── slot-message ─────────▶
//     slot-closed {done} ─────────────────────────────────▶
import { randomId } from '@tincan/shared/base64url';
import { parseServerMessage, SLOTS_FEATURE } from '@tincan/shared/signaling';
import { TincanError } from '../platform/errors.ts';
import { createSocket } from './reconnecting-socket.ts';
import type { SignalingClient } from './signaling-client.ts';
import { SlotLine, type SlotChannel, type SlotFailure } from './slot-line.ts';

/** A slot that is open, as its owner sees it. */
export interface OwnerSlot {
  /** Its number, as digits. */
  readonly number: string;
  /** From its opening to its end. */
  readonly ttlSeconds: number;
  /** Resolves when somebody has entered, however long that takes; rejects when the slot ends before. To be called once. */
  entered(): Promise<void>;
  /** To whoever has entered; may be closed before. */
  readonly channel: SlotChannel;
}

/** The latest opening on each connection. An answer does not say which it is of, so each waits for the one before. */
const openings = new WeakMap<SignalingClient, Promise<unknown>>();

/**
 * Opens a slot on the connection of a room; there can be one at a time. It ends when the server says so, with the connection,
 * or when the signal is aborted (before the server has answered, as soon as it has). Rejects, as everything later, with a
 * TincanError of a `SlotFailure`.
 */
export function openSlot(signaling: SignalingClient, signal?: AbortSignal): Promise<OwnerSlot> {
  const before = openings.get(signaling) ?? Promise.resolve();
  const opening = before.then(() => open(signaling, signal));
  openings.set(
    signaling,
    opening.catch(() => undefined), // its caller hears of it
  );
  return opening;
}

async function open(signaling: SignalingClient, signal: AbortSignal | undefined): Promise<OwnerSlot> {
  if (signal?.aborted) throw failure('cancelled', 'given up before it was begun');
  if (signaling.state !== 'online') throw failure('server-unreachable', 'the room is not on the server');
  if (!signaling.features.includes(SLOTS_FEATURE)) throw failure('unsupported', `no "${SLOTS_FEATURE}" among features`);

  const ref = randomId();
  let isOpen = false;
  const line = new SlotLine(
    (request) => signaling.sendSlot({ ...request, ref }),
    () => {
      for (const stop of listening) stop();
    },
  );
  const listening = [
    signaling.on('slot', (news) => {
      isOpen ||= news.type === 'slot-open';
      if (isOpen) line.handle(news); // what comes before is about the slot before
    }),
    signaling.on('refusal', (error) => error.ref === ref && line.handleRefusal(error)),
    signaling.on('state', (state) => line.fail('server-unreachable', `the room is ${state}`)),
  ];
  line.say({ type: 'slot-open' });
  const { slot, ttlSeconds } = await line.next('slot-open');
  line.closeOn(signal);
  if (signal?.aborted) throw failure('cancelled', 'given up while it was opened');
  const entered = async () => void (await line.next('slot-enter', 'never'));
  return { number: slot, ttlSeconds, entered, channel: line };
}

/** Which slot, and on which server. */
export interface EnterSlotOptions {
  /** See `signalingUrl`. */
  url: string;
  /** The slot's number, as digits. */
  slot: string;
  /** Ends the slot, and any wait, at once. */
  signal?: AbortSignal | undefined;
  createSocket?: (url: string) => WebSocket;
}

/**
 * Enters a slot, once, on a connection of its own, which ends with the slot and is never made again. Rejects, as everything
 * later, with a TincanError of a `SlotFailure`.
 */
export async function enterSlot({ url, slot, signal, ...options }: EnterSlotOptions): Promise<SlotChannel> {
  if (signal?.aborted) throw failure('cancelled', 'given up before it was begun');
  const socket = (options.createSocket ?? createSocket)(url);
  const line = new SlotLine(
    (request) => {
      if (socket.readyState !== 1) return false;
      socket.send(JSON.stringify(request));
      return true;
    },
    () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  );
  socket.onopen = () => line.handle({ type: 'connected' });
  socket.onmessage = ({ data }) => handleText(line, data);
  socket.onclose = ({ code }) => line.fail('server-unreachable', `the connection has ended, code ${code}`);
  line.closeOn(signal);
  await line.next('connected', 'server-unreachable');
  line.say({ type: 'slot-enter', slot });
  await line.next('slot-enter');
  return line;
}

function handleText(line: SlotLine, text: unknown): void {
  const parsed = typeof text === 'string' ? parseServerMessage(text) : undefined;
  if (!parsed?.ok) return; // of a later version of the protocol
  const message = parsed.value;
  switch (message.type) {
    case 'error':
      return line.handleRefusal(message); // there is nothing else on this connection that could be refused
    case 'slot-open':
    case 'slot-enter':
    case 'slot-message':
    case 'slot-closed':
      return line.handle(message);
    default:
      return; // notices, above all
  }
}

function failure(code: SlotFailure, message: string): TincanError<SlotFailure> {
  return new TincanError(code, message);
}
