// What a key does during a call.
export type CallAction = 'microphone' | 'camera' | 'screen' | 'layout' | 'full-screen' | 'talk';

export interface KeyPress {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

/** Where a key would go without us. */
export interface KeyPlace {
  /** Into text, a choice or a dialog: every key is theirs. */
  typing: boolean;
  /** To something that the keyboard has brought the focus to and that Space would press. */
  pressable: boolean;
}

const ACTIONS: Record<string, CallAction> = {
  m: 'microphone',
  v: 'camera',
  s: 'screen',
  l: 'layout',
  f: 'full-screen',
  ' ': 'talk',
};

/** `undefined`: the key is not ours. A key that is held down repeats only `talk`, which must keep it from the page. */
export function actionOf(press: KeyPress, place: KeyPlace): CallAction | undefined {
  if (place.typing || press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const action = ACTIONS[letterOf(press)];
  if (action === 'talk') return place.pressable ? undefined : action;
  return press.repeat ? undefined : action;
}

/** The letter on the key; in a script that has none of ours, the place of the key. */
function letterOf({ key, code }: KeyPress): string {
  const foreign = [...key].length === 1 && key > '~';
  return (foreign && code.startsWith('Key') ? code.slice(3) : key).toLowerCase();
}

/** Where the keys of an event would go; `byKeyboard`: that is how the focus came there. */
export function placeOf(target: EventTarget | null, byKeyboard: boolean): KeyPlace {
  if (!(target instanceof HTMLElement)) return { typing: false, pressable: false };
  return {
    typing: target.isContentEditable || target.closest('input, textarea, select, dialog') !== null,
    pressable: byKeyboard && target.closest('button, a, summary, [role="button"]') !== null,
  };
}
