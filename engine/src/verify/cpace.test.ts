// Every vector that draft-irtf-cfrg-cpace-21 publishes for ristretto255 with SHA-512 in the initiator-responder setting,
// under the title of its section.
import { createHash, createHmac } from 'node:crypto';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import {
  calculateGenerator,
  generatorString,
  lvCat,
  prependLen,
  scalarMultVfy,
  startCpace,
  transcriptIr,
  type CpaceOptions,
} from './cpace.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const ascii = (text: string) => new TextEncoder().encode(text);
const range = (length: number) => Uint8Array.from({ length }, (_, index) => index);

describe('CPace function definitions', () => {
  test('prepend_len test vectors', () => {
    expect(prependLen(ascii(''))).toEqual(hex('00'));
    expect(prependLen(ascii('1234'))).toEqual(hex('0431323334'));
    expect(prependLen(range(127))).toEqual(Uint8Array.of(0x7f, ...range(127)));
    expect(prependLen(range(128))).toEqual(Uint8Array.of(0x80, 0x01, ...range(128)));
  });

  test('Testvector for lv_cat()', () => {
    expect(lvCat(ascii('1234'), ascii('5'), ascii(''), ascii('678'))).toEqual(hex('043132333401350003363738'));
  });

  test('Test vectors transcript_ir function', () => {
    expect(transcriptIr(ascii('123'), ascii('PartyA'), ascii('234'), ascii('PartyB'))).toEqual(
      hex('03313233065061727479410332333406506172747942'),
    );
    expect(transcriptIr(ascii('3456'), ascii('PartyA'), ascii('2345'), ascii('PartyB'))).toEqual(
      hex('043334353606506172747941043233343506506172747942'),
    );
  });
});

describe('Test vector for CPace using group ristretto255 and hash SHA-512', () => {
  const PRS = ascii('Password');
  const CI = hex('0b415f696e69746961746f720b425f726573706f6e646572');
  const SID = hex('7e4b4791d6a8ef019b936c79fb7f2c57');
  const YA = hex('d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157');
  const YB = hex('3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258');
  const YA_SCALAR = hex('da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08');
  const YB_SCALAR = hex('d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d');
  const K = hex('80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f');
  const ISK_IR = hex(`
    b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd
    2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447`);
  const start = (options: Partial<CpaceOptions> = {}) =>
    startCpace({
      role: 'initiator',
      ...{ password: PRS, channelId: CI, sid: SID, ownData: ascii('ADa'), otherData: ascii('ADb') },
      scalar: YA_SCALAR,
      ...options,
    });
  const respond = (options: Partial<CpaceOptions> = {}) =>
    start({ role: 'responder', ownData: ascii('ADb'), otherData: ascii('ADa'), scalar: YB_SCALAR, ...options });

  test('Test vectors for calculate_generator with group ristretto255', () => {
    const string = generatorString(PRS, CI, SID);
    expect(string).toEqual(
      hex(`
        11435061636552697374726574746f3235350850617373776f726464
        00000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000180b415f696e69746961746f
        720b425f726573706f6e646572107e4b4791d6a8ef019b936c79fb7f
        2c57`),
    );
    expect(sha512(string)).toEqual(
      hex(`
        da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288
        b6663af06bf645c93cd1c51512307199c80e84908916d983b34af772
        05f90851a657ee27`),
    );
    expect(calculateGenerator(PRS, CI, SID).toBytes()).toEqual(
      hex('222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56'),
    );
  });

  test('Test vector for message from A, and from B', () => {
    expect(start().share).toEqual(YA);
    expect(respond().share).toEqual(YB);
  });

  test('Test vector for secret points K', () => {
    expect(scalarMultVfy(YA_SCALAR, YB)).toEqual(K);
    expect(scalarMultVfy(YB_SCALAR, YA)).toEqual(K);
  });

  test('Test vector for ISK calculation initiator/responder', () => {
    expect(transcriptIr(YA, ascii('ADa'), YB, ascii('ADb'))).toEqual(
      hex(`
        20d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0e
        ec482b915703414461203ea7e0b19560d7c0b0f5734f63b955286dfa
        8232b5ebe63324e2d9e7433f725803414462`),
    );
    expect(start().finish(YB)?.isk).toEqual(ISK_IR);
    expect(respond().finish(YA)?.isk).toEqual(ISK_IR);
  });

  const S = hex('7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05');

  test('Test case for scalar_mult with valid inputs', () => {
    expect(scalarMultVfy(S, hex('2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c'))).toEqual(
      hex('7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e'),
    );
  });

  test.each([
    ['Y_i1', '2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c'],
    ['Y_i2 == G.I', '00'.repeat(32)],
  ])('Invalid inputs for scalar_mult_vfy: %s', (_, text) => {
    expect(scalarMultVfy(S, hex(text))).toBeUndefined();
    expect(start().finish(hex(text))).toBeUndefined();
    expect(respond().finish(hex(text))).toBeUndefined();
  });

  test('RFC 9496, appendix A.2: negative, non-canonical and wrong encodings are no points', () => {
    const bad = [
      '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      '0100000000000000000000000000000000000000000000000000000000000000',
      '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      '26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371',
      '3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e',
      ...['', '00', '00'.repeat(31), '00'.repeat(33)],
    ];
    for (const text of bad) expect(scalarMultVfy(S, hex(text)), text).toBeUndefined();
  });

  test('Key confirmation: the tags are the draft’s, which has no vector for them', () => {
    const macKey = createHash('sha512').update('CPaceMac').update(SID).update(ISK_IR).digest();
    const mac = (...parts: Uint8Array[]) =>
      hex(
        createHmac('sha512', macKey)
          .update(lvCat(...parts))
          .digest('hex'),
      );
    expect(start().finish(YB)?.tag).toEqual(mac(YA, ascii('ADa')));
    expect(respond().finish(YA)?.tag).toEqual(mac(YB, ascii('ADb')));
  });

  test('Key confirmation: each side’s tag convinces the other, and nobody else’s does', () => {
    const [a, b] = [start().finish(YB)!, respond().finish(YA)!];
    expect([a.check(b.tag), b.check(a.tag)]).toEqual([true, true]);
    expect([a.check(a.tag), b.check(b.tag)]).toEqual([false, false]);
    const wrong = b.tag.slice();
    wrong[63]! ^= 1;
    for (const tag of [wrong, b.tag.subarray(0, 63), new Uint8Array(0), Uint8Array.of(...b.tag, 0)])
      expect(a.check(tag)).toBe(false);
  });

  test.each<[string, Partial<CpaceOptions>]>([
    ['password', { password: ascii('Passwore') }],
    ['channel identifier', { channelId: ascii('elsewhere') }],
    ['session id', { sid: range(16) }],
    ['own data', { ownData: ascii('ADB') }],
    ['other’s data', { otherData: ascii('ADA') }],
    ['role', { role: 'initiator' }],
  ])('sides that differ in the %s have different keys, and see it', (_, options) => {
    const [a, b] = [start(), respond(options)];
    const [withB, withA] = [a.finish(b.share)!, b.finish(a.share)!];
    expect(withA.isk).not.toEqual(withB.isk);
    expect([withB.check(withA.tag), withA.check(withB.tag)]).toEqual([false, false]);
  });
});

test('without a given scalar every run has a share of its own, which serves once', () => {
  const options = { password: ascii('1'), channelId: ascii('2'), sid: ascii('3') };
  const [a, b] = [
    startCpace({ role: 'initiator', ownData: ascii('A'), otherData: ascii('B'), ...options }),
    startCpace({ role: 'responder', ownData: ascii('B'), otherData: ascii('A'), ...options }),
  ];
  expect(a.share).not.toEqual(b.share);
  expect(a.finish(b.share)?.isk).toEqual(b.finish(a.share)?.isk);
  expect(() => a.finish(b.share)).toThrow('finished once');
  const failing = startCpace({ role: 'initiator', ownData: ascii('A'), otherData: ascii('B'), ...options });
  expect(failing.finish(new Uint8Array(32))).toBeUndefined();
  expect(() => failing.finish(b.share)).toThrow('finished once');
});
