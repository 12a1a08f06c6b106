import { mount } from 'svelte';
import Shell from './Shell.svelte';
import './style.css';

const place = document.getElementById('studio');
if (place === null) throw new Error('index.html has no element #studio');
mount(Shell, { target: place });
