// Tells of a call outside the page, while nobody looks at it.
export interface CallNotice {
  title: string;
  body: string;
}

const VIBRATION_MS = [400, 200, 400, 1000];

/** Shows a notification whenever the page is hidden, until the function that it returns is called. */
export function notifyWhileHidden(notice: CallNotice): () => void {
  let shown: Notification | undefined;
  const close = () => {
    shown?.close();
    shown = undefined;
  };
  const follow = () => {
    close();
    if (document.hidden) shown = show(notice);
  };
  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    close();
  };
}

function show({ title, body }: CallNotice): Notification | undefined {
  if (!('Notification' in window) || Notification.permission !== 'granted') return undefined;
  try {
    const notification = new Notification(title, { body, tag: 'tincan-call', icon: '/icon.svg' });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    return notification;
  } catch (error) {
    // Chrome for Android has the class and throws at `new`: there only a service worker may show one.
    console.info('This browser shows no notifications of a page.', error);
    return undefined;
  }
}

/** Vibrates, where the device can, until the function that it returns is called. */
export function vibrate(): () => void {
  if (!('vibrate' in navigator)) return () => {};
  const buzz = () => navigator.vibrate(VIBRATION_MS);
  buzz();
  const timer = setInterval(buzz, 2800);
  return () => {
    clearInterval(timer);
    navigator.vibrate(0);
  };
}
