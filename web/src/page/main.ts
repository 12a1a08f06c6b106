/** The published page: takes over from what Python wrote into index.html, once it can show the same. */
import { mount } from 'svelte';
import './page.css';
import Page from './Page.svelte';
import { settings, stills } from './settings';
import { Site } from './site.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');
const site = new Site(settings(), stills());
mount(Page, { target, props: { site } });
document.getElementById('still')?.remove();
void site.net.begin();
