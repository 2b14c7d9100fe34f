/**
 * The texts that a client has sent on one TCP connection, as a server puts them together from it: the HTTP request with its
 * headers first, then every WebSocket message, unmasked and its fragments joined (RFC 6455, section 5).
 */
export function clientTexts(bytes: Buffer): string[] {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const texts = [bytes.subarray(0, headEnd).toString('latin1')];
  if (!/^upgrade: websocket/im.test(texts[0]!)) return [bytes.toString('latin1')];
  let fragments: Buffer[] = [];
  for (let at = headEnd; at + 2 <= bytes.length;) {
    const isFinal = (bytes[at]! & 0x80) !== 0;
    const opcode = bytes[at]! & 0x0f;
    const short = bytes[at + 1]! & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskAt = at + 2 + lengthBytes;
    const length =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const start = maskAt + 4;
    if (start + length > bytes.length) break; // cut with the connection
    const data = Buffer.from(bytes.subarray(start, start + length));
    for (let index = 0; index < length; index++) data[index]! ^= bytes[maskAt + (index % 4)]!;
    at = start + length;
    if (opcode > 2) continue; // close, ping, pong
    fragments.push(data);
    if (!isFinal) continue;
    texts.push(Buffer.concat(fragments).toString());
    fragments = [];
  }
  return texts;
}
