// Every text that a person sees or hears, by key. Another language is another table of this type; the functions
// are where its plurals and word order go. Numbers arrive formatted (format.ts), names as people gave them.
import type { RoomProblem, ServerState, TransferState, TransferView, WaitReason } from '../session/views.ts';
import { callWords } from './call-words.ts';
import { lookWords } from './look-words.ts';
import { savingWords } from './saving-words.ts';
import { trustWords } from './trust-words.ts';

type Direction = TransferView['direction'];

const en = {
  locale: 'en',
  app: 'Tincan',
  reload: 'Reload',
  close: 'Close',
  dismiss: 'Dismiss',
  partials: {
    heading: 'From an earlier visit',
    unfinished: 'Not finished',
    busy: 'Going on in another tab',
    goOn: 'Go on',
    goOnOne: (name: string) => `Go on with ${name}: opens the room where its sender is found`,
    all: (n: string) => `Delete all ${n}`,
    discardOne: (name: string) => `Delete ${name}`,
    ask: 'Delete this file?',
    askAll: (n: string) => `Delete all ${n} files?`,
    askWhy: (name: string) => `${name} has not been saved. It will be gone for good.`,
    askWhyHanded: (name: string) =>
      `${name} was handed to your downloads. Look whether it is there: what this browser keeps of it will be gone for good.`,
    askWhyUnfinished: (name: string) => `What has arrived of ${name} will be gone for good.`,
    askWhyAll: 'What has arrived of them and is not saved will be gone for good.',
    yes: 'Delete',
    no: 'Keep',
    failed: 'It could not be deleted or opened; most likely another tab is using it. Close that tab and try again.',
    expiry: 'Unfinished files are deleted a week after anything last arrived.',
  },

  asked: {
    heading: (n: number, shown: string) =>
      n === 1
        ? 'A file that you were sending is needed again'
        : `${shown} files that you were sending are needed again`,
    why: 'This page was closed or reloaded in the middle. What has arrived on the other side stays there.',
    open: 'Open it again',
    openOne: (name: string) => `Open ${name} again`,
    choose: 'Choose it again',
    chooseOne: (name: string) => `Choose ${name} again`,
    giveUp: 'Give up',
    giveUpOne: (name: string) => `Give up sending ${name}`,
    failed: (name: string) => `${name} could not be opened again. Choose it again.`,
  },
  elsewhere: (n: number, shown: string) =>
    n === 1
      ? 'A transfer of this room goes on in another tab of this browser. Close that tab and reload this one to have it here.'
      : `${shown} transfers of this room go on in another tab of this browser. Close that tab and reload this one to have them here.`,
  someone: 'Someone',
  ...trustWords,
  ...savingWords,
  ...lookWords,
  ...callWords,

  home: {
    title: 'Hand a file across.',
    what: 'From your browser straight to theirs: files and folders of any size, with nothing to install and no account.',
    drop: 'Drop files or a folder here',
    dropHint: 'You get a link. Whoever opens it is offered the files.',
    start: 'Open an empty room',
    startHint: 'Nothing to send yet?',
    trust: 'Files go straight between the browsers; the server cannot look in.',
    badLink: 'This link is not complete; a part of it was probably lost when it was copied. Ask for it again.',
    dropTarget: 'Drop to open a room with these files',
    noText: 'That is a text or a link. It can be sent as a message once you are in a room with somebody.',
  },

  files: {
    choose: 'Choose files',
    chooseFolder: 'Choose a folder',
    count: (n: number, shown: string) => (n === 1 ? '1 file' : `${shown} files`),
    emptyFolders: (n: number, shown: string) => (n === 1 ? '1 empty folder' : `${shown} empty folders`),
    and: (files: string, folders: string) => `${files} and ${folders}`,
    emptyFolder: 'Empty folder',
    reading: (n: number, shown: string) =>
      n === 0 ? 'Reading the folder…' : `Reading the folder… ${shown} files so far`,
    nothingDropped: 'There was neither a file nor a text in that, so nothing was sent.',
    noneDropped: 'There was no file in that. Drop files or folders from your device.',
    unreadable: (n: number, shown: string) =>
      n === 1 ? 'One file could not be read and is left out.' : `${shown} files could not be read and are left out.`,
  },

  share: {
    heading: 'Give this link to the other person',
    hint: 'As soon as they open it, the two browsers are connected. Anyone who has the link can come in.',
    onlyHere:
      'This link works on this device only. For others, open one of the https addresses that the server printed when it started.',
    link: 'Link to this room',
    copy: 'Copy link',
    copied: 'Copied',
    copyByHand: 'The browser did not allow copying. The link is selected: copy it by hand.',
    system: 'Share…',
    systemTitle: 'A Tincan room',
    qr: 'QR code of the link to this room',
    qrHint: 'Or scan this with a phone',
    invite: 'Invite',
  },

  server: {
    connecting: 'Connecting…',
    online: 'Online',
    offline: 'Offline',
  } satisfies Record<ServerState, string>,
  serverOffline: 'The server cannot be reached. What is connected goes on.',

  problem: {
    'cannot-start':
      'This browser does not let the page make connections; an extension or a setting may forbid WebRTC. Allow it, or use another browser, then reload.',
    'not-loaded':
      'A part of this page could not be loaded: the connection was cut, or the server has a newer version of the page. Reload it.',
    'room-full': 'This room is full. Ask somebody to leave it, then reload this page.',
    replaced: 'This page was opened again elsewhere, and the room goes on over there. Reload to use it here.',
    refused: 'The server refused this page; most likely it is an old version. Reload it.',
  } satisfies Record<RoomProblem, string>,

  notice: 'From the operator of this server',

  people: {
    heading: 'In this room',
    you: 'you',
    rename: 'Change your name',
    connecting: 'Connecting…',
    reconnecting: 'Connection lost, reconnecting…',
    connected: 'Connected',
    direct: 'Connected, direct',
    relay: 'Connected, by relay',
    incompatible: 'Another version of this page',
    reloadHere: 'Their page is newer than yours. Reload this page to connect.',
    reloadThere: 'Their page is older than yours. Ask them to reload it.',
    send: 'Send files',
    sendTo: (name: string) => `Send files to ${name}`,
    block: (name: string) => `Block ${name}`,
    blockAsk: (name: string) => `Block ${name}?`,
    blockWhat:
      'The connection to them ends, with every transfer that is running on it, and this page of theirs is not let in again.',
    blockYes: 'Block',
    blockNo: 'Keep',
    blocked: (name: string) =>
      `${name} is blocked. They still have the link and can come back. To keep them out, move to a new link.`,
    notConnected: (name: string) => `${name} is not connected at the moment. Nothing was sent.`,
  },

  send: {
    headingAlone: 'Have the files ready',
    headingOne: (name: string) => `Send to ${name}`,
    heading: 'Send to everyone here',
    drop: 'Drop or paste them anywhere on this page, or',
    targetAll: 'Drop to send to everyone here',
    targetAlone: 'Drop to offer it to whoever opens the link',
    targetOne: (name: string) => `Drop to send only to ${name}`,
    preparing: (n: string) => `Getting ${n} files ready to be offered…`,
    tooMany: (most: string) =>
      `That is too many files at once: ${most} is the most. Send them in several goes, or as an archive.`,
    staged: 'Offered to everyone who opens the link',
    unstage: (path: string) => `Take back ${path}`,
  },

  offer: {
    sentence: (name: string, files: string, size: string) => `${name} wants to send you ${files} (${size})`,
    wants: 'wants to send you',
    more: (n: string) => `and ${n} more`,
    list: 'The files',
    accept: 'Accept',
    acceptSave: 'Accept and save',
    acceptSaveAs: 'Accept and save…',
    decline: 'Decline',
    noRoom: (size: string, free: string) =>
      `There is no room for it on this device: ${size} are needed and ${free} are free. Free some space and accept again.`,
    overCap: (cap: string) =>
      `This browser keeps what it receives in memory, ${cap} at most. Another browser, or a window that is not private, can take more.`,
  },

  transfers: {
    heading: 'Transfers',
    done: (done: string, total: string) => `${done} of ${total} done`,
    failed: (n: string) => `${n} failed`,
    overall: 'All transfers together',
    amount: (done: string, size: string) => `${done} of ${size}`,
    saveAll: 'Save all',
    saveAllAgain: 'Save all again',
    saveToFolder: 'Save to a folder',
    stopAll: 'Stop all',
    stopAllAsk: (n: string) => `Stop all ${n} transfers that have not ended? What has arrived of them is given up.`,
    stopAllYes: 'Stop all',
    stopAllNo: 'Go on',
    more: (n: string) => `Show ${n} more`,
    ended: (done: string, failed: number, shownFailed: string) =>
      failed === 0
        ? `All transfers have ended: ${done} done.`
        : `All transfers have ended: ${done} done, ${shownFailed} failed.`,
    ofSend: (name: string) => `To ${name}`,
    ofReceive: (name: string) => `From ${name}`,
    cancel: 'Cancel',
    cancelOne: (path: string) => `Cancel ${path}`,
    cancelAsk: (path: string) => `Cancel ${path}?`,
    cancelWhy: 'What has arrived of it is given up.',
    cancelYes: 'Cancel it',
    cancelNo: 'Go on',
    pause: 'Pause',
    pauseOne: (path: string) => `Pause ${path}`,
    resume: 'Go on',
    resumeOne: (path: string) => `Go on with ${path}`,
    retry: 'Try again',
    retryOne: (path: string) => `Try ${path} again`,
    pauseAll: 'Pause all',
    resumeAll: 'Go on with all',
    save: 'Save',
    saveOne: (path: string) => `Save ${path}`,
    saved: 'Saved',
    savedOne: (path: string) => `${path} is saved. Save it again`,
    handed: 'Sent to downloads',
    handedOne: (path: string) => `${path} was handed to the downloads. Save it again`,
    verified: 'Verified',
    hash: 'Hash of the file, equal on both sides:',
  },

  leave: {
    button: 'Leave',
    label: 'Leave the room',
    unanswered: (n: string, one: boolean) =>
      one
        ? 'A file that has not been answered yet is taken back.'
        : `${n} files that have not been answered yet are taken back.`,
    undelivered: (n: string, one: boolean) =>
      one
        ? 'A message of yours has not been delivered yet, and will not be.'
        : `${n} messages of yours have not been delivered yet, and will not be.`,
    running: (n: string, one: boolean) =>
      one
        ? 'A transfer is still running. It stops, and goes on when both of you are back in this room.'
        : `${n} transfers are still running. They stop, and go on when both of you are back in this room.`,
    ending: (n: string, one: boolean) =>
      one ? 'A transfer is still running and will end.' : `${n} transfers are still running and will end.`,
    unsaved: (n: string, one: boolean) =>
      one
        ? 'A received file is not saved. It stays in this browser, on the start page.'
        : `${n} received files are not saved. They stay in this browser, on the start page.`,
    lost: (n: string, one: boolean) =>
      one ? 'A received file is not saved and will be lost.' : `${n} received files are not saved and will be lost.`,
    ask: 'Leave the room?',
    yes: 'Leave',
    no: 'Stay',
  },

  chat: {
    heading: 'Messages',
    label: 'Write a message',
    send: 'Send',
    me: 'You',
    empty: 'Messages go straight between the browsers, too.',
    dropTarget: 'Drop to put it into your message',
    nobody: 'Nobody is here at the moment. What you write stays here until somebody is.',
    noText: 'Nobody is here yet to read a message. Drop or paste it again once somebody is.',
    waitsFor: (names: string) => `Not delivered to ${names} yet. It goes by itself when they are connected again.`,
    missedBy: (names: string) => `Not delivered to ${names}, who is not here any more.`,
    full: (names: string) =>
      `Too many messages still wait to be delivered to ${names}. Yours was not sent, and stays here.`,
    tooLong: (n: string, most: string) =>
      `This is too long for a message: ${n} characters, and ${most} are the most. Nothing of it is lost: send it as a file, or shorten it.`,
    asFile: 'Send it as a text file',
    fileName: 'message.txt',
    unread: (n: string, one: boolean) => (one ? 'New message' : `${n} new messages`),
  },

  settings: {
    heading: 'Settings',
    name: 'Your name',
    nameHint: 'This is how the others in a room see you.',
    done: 'Done',
  },

  announce: {
    connected: (name: string) => `${name} is connected.`,
  },

  time: {
    fewSeconds: 'a few seconds left',
    seconds: (n: number) => `about ${n} s left`,
    minutes: (n: number) => `about ${n} min left`,
    hours: (h: number, min: number) => (min === 0 ? `about ${h} h left` : `about ${h} h ${min} min left`),
    days: (n: number) => `about ${n} days left`,
  },

  insecure: {
    heading: 'This address is not secure',
    why: 'Browsers let only secure pages encrypt, keep large files and use the camera. Over plain http Tincan cannot do its work, so it stops here.',
    looking: 'Looking for the secure address…',
    go: 'Open the secure address',
    warning:
      'The browser will warn you about the certificate. That is expected: this server made it for itself, so nobody has vouched for it. If you know whose server this is, choose “Advanced” and go on.',
    none: 'This server offers no secure address of its own.',
    noneHint:
      'On the machine that runs it, open it as localhost. For everybody else, whoever runs it has to put TLS in front of it.',
  },

  unsupported: {
    heading: 'This browser cannot do it',
    why: 'Tincan connects two browsers directly, and this one lacks what that takes (WebRTC, WebCrypto or Web Workers); sometimes an extension or a setting switches it off.',
    hint: 'A current Chromium, Chrome, Edge, Firefox or Safari works.',
  },
};

/** The words of the language in use. */
export const words = en;

/** A transfer's state in words, and what it waits for; a running or failed one says more by itself. */
export function describeState({ state, why, direction }: Pick<TransferView, 'state' | 'why' | 'direction'>): string {
  const sending = direction === 'send';
  if (why !== undefined) return describeWait(why, sending);
  const states: Record<TransferState, string> = {
    offered: sending ? 'Waiting for an answer' : 'Waiting for your answer',
    active: sending ? 'Sending' : 'Receiving',
    paused: 'Paused',
    waiting: 'Waiting for the connection',
    verifying: 'Checking',
    done: 'Done',
    failed: 'Failed',
    declined: sending ? 'They declined it' : 'You declined it',
    cancelled: 'Cancelled',
  };
  return states[state];
}

function describeWait(why: WaitReason, sending: boolean): string {
  switch (why) {
    case 'paused-here':
      return 'Paused by you';
    case 'paused-there':
      return 'Paused by the other side';
    case 'space-here':
      return 'This device is full. Free some space: it goes on by itself, and what has arrived stays.';
    case 'space-there':
      return 'The other device is full. It goes on by itself when there is room.';
    case 'file-here':
      return 'Waiting until you give the file again';
    case 'file-there':
      return 'Waiting until the sender gives the file again';
    case 'path':
      return 'Connection lost. It goes on by itself when it is back.';
    case 'peer':
      return sending
        ? 'Their page is closed. It goes on when they open the link again.'
        : 'The sender’s page is closed. It goes on when they open the link again.';
    case 'lanes':
      return 'No connection for files can be made at the moment. Trying again…';
  }
}

/** Why a transfer failed, and what helps, as seen from this side. */
export function describeFailure(reason: TransferView['failure'], direction: Direction): string {
  const sending = direction === 'send';
  switch (reason) {
    case 'source-unreadable':
      return sending
        ? 'The file is gone: it was moved or removed, or cannot be read. Put it back and try again, or send it anew.'
        : 'The sender can no longer read the file. What has arrived is kept.';
    case 'source-changed':
      return sending
        ? 'This file has changed since it was chosen, or may not be read any more. Send it anew.'
        : 'The sender’s file has changed since it was chosen, or may not be read any more. Ask for it anew; what has arrived is of the old one.';
    case 'store-failed':
      return sending
        ? 'The other device could not write it.'
        : 'This device could not write it. What has arrived is kept.';
    case 'corrupt':
      return 'A part arrived damaged twice. What has arrived is kept; try again.';
    case 'hash-mismatch':
      return 'What arrived is not what was sent. Do not use it; send it again.';
    case 'unknown-transfer':
      return sending
        ? 'The other side no longer knows of it. Send it again.'
        : 'The sender no longer has it. Ask for it again.';
    case 'protocol':
      return 'The two pages did not understand each other. Reload both and try again.';
    case 'peer-left':
      return sending ? 'They have left before it was over.' : 'The sender has left before it was over.';
    case undefined:
      return 'It failed.';
  }
}
