import { expect, it } from 'vitest';
import { actionOf, type KeyPlace, type KeyPress } from './call-keys.ts';

const PAGE: KeyPlace = { typing: false, pressable: false };

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return { ...{ key, code: '', ctrlKey: false, metaKey: false, altKey: false, repeat: false }, ...more };
}

it('knows the keys of a call, in capitals too', () => {
  const keys = ['m', 'V', 's', 'L', 'f', ' ', 'x', 'Enter'];
  const actions = ['microphone', 'camera', 'screen', 'layout', 'full-screen', 'talk', undefined, undefined];
  expect(keys.map((key) => actionOf(press(key), PAGE))).toEqual(actions);
});

it('leaves every key to whoever is typing', () => {
  for (const key of ['m', ' ']) expect(actionOf(press(key), { typing: true, pressable: false })).toBeUndefined();
});

it('leaves the shortcuts of the browser and the system alone', () => {
  for (const held of ['ctrlKey', 'metaKey', 'altKey']) {
    for (const key of ['s', ' ']) expect(actionOf(press(key, { [held]: true }), PAGE)).toBeUndefined();
  }
});

it('leaves Space, and Space only, to a button that the keyboard has gone to', () => {
  const button = { typing: false, pressable: true };
  expect(actionOf(press(' '), button)).toBeUndefined();
  expect(actionOf(press('m'), button)).toBe('microphone');
});

it('does nothing twice for a key that is held down, and keeps Space from the page', () => {
  expect(actionOf(press('m', { repeat: true }), PAGE)).toBeUndefined();
  expect(actionOf(press(' ', { repeat: true }), PAGE)).toBe('talk');
});

it('goes by the letter, and by the place of the key where the script has no such letter', () => {
  expect(actionOf(press('ь', { code: 'KeyM' }), PAGE)).toBe('microphone');
  expect(actionOf(press('m', { code: 'Semicolon' }), PAGE)).toBe('microphone'); // a French keyboard
  expect(actionOf(press(',', { code: 'KeyM' }), PAGE)).toBeUndefined();
});
