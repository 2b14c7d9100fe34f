// Where one of the page's own scripts does not come, the person is told at once, and the button reloads the page. A file of its own, as the policy
// allows no script in the page; if this one is lost too, the text appears after a while, and main.ts wires the button where that is there.
addEventListener(
  'error',
  ({ target }) => {
    if (target instanceof HTMLScriptElement) document.documentElement.classList.add('not-loaded');
  },
  true, // the error of an element does not bubble
);
document.getElementById('not-loaded-reload')?.addEventListener('click', () => location.reload());
