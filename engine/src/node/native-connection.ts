import { PeerConnection, type DataChannel, type DataChannelInitConfig } from 'node-datachannel';

/**
 * The library's own connection, whose channels bring what has arrived before they say that they are closed. Each kind of event
 * has a queue, and after a moment in which the program was busy they are emptied in the order in which they were asked for; the
 * closing one throws the others away. So it has to be asked for last.
 */
export class NativeConnection extends PeerConnection {
  readonly #channels: DataChannel[] = [];

  override createDataChannel(label: string, config: DataChannelInitConfig = {}): DataChannel {
    return this.#adopt(super.createDataChannel(label, config));
  }

  override onDataChannel(handler: (channel: DataChannel) => void): void {
    super.onDataChannel((channel) => handler(this.#adopt(channel)));
  }

  /** A channel that was never open would not end with its connection, and would hold the program open. */
  override close(): void {
    for (const channel of this.#channels.splice(0)) channel.close();
    super.close();
  }

  #adopt(channel: DataChannel): DataChannel {
    this.#channels.push(channel);
    return closingLast(channel);
  }
}

/** Whoever asks for everything in one turn, as the imitation of the W3C's class does, asks for messages after `closed`. */
function closingLast(channel: DataChannel): DataChannel {
  const onClosed = channel.onClosed.bind(channel);
  const onMessage = channel.onMessage.bind(channel);
  let handleClosed = () => {};
  const inOrder: Pick<DataChannel, 'onClosed' | 'onMessage'> = {
    onClosed: (handler) => {
      handleClosed = handler;
    },
    onMessage: (handler) => {
      onMessage(handler);
      onClosed(() => handleClosed());
    },
  };
  // The library's methods cannot be assigned to.
  for (const [name, value] of Object.entries(inOrder)) Object.defineProperty(channel, name, { value });
  return channel;
}
