import { mount, type Component } from 'svelte';
import { missingFeatures } from './ui/browser-check.ts';
import './ui/theme.css';

// The engines are loaded only where they can work: an insecure page has no WebCrypto and no OPFS to touch.
async function start(target: HTMLElement): Promise<void> {
  if (!window.isSecureContext) return show((await import('./ui/InsecurePage.svelte')).default, target);
  if (missingFeatures(window).length > 0) return show((await import('./ui/UnsupportedPage.svelte')).default, target);
  const [{ App }, { default: AppPage }] = await Promise.all([
    import('./session/app.svelte.ts'),
    import('./ui/AppPage.svelte'),
  ]);
  mount(AppPage, { target, props: { app: new App() } });
  removeNotLoaded();
}

function show(page: Component, target: HTMLElement): void {
  mount(page, { target });
  removeNotLoaded();
}

function removeNotLoaded(): void {
  document.getElementById('not-loaded')?.remove();
}

/** What stands in the page itself says that a part is missing, and offers to reload. */
function showNotLoaded(error: unknown): void {
  console.error('The page could not be started.', error);
  document.documentElement.classList.add('not-loaded');
  document.getElementById('not-loaded-reload')?.addEventListener('click', () => location.reload());
}

const target = document.getElementById('app');
if (target) start(target).catch(showNotLoaded);
