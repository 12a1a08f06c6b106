/** The rooms in the order of the journey. Each is loaded when it is first entered. */
import type { Component } from 'svelte';

export interface RoomEntry {
  readonly id: string;
  readonly name: string;
  /** One line: what one does here. */
  readonly purpose: string;
  load(): Promise<{ default: Component }>;
}

export const ROOMS: readonly RoomEntry[] = [
  { id: 'data', name: 'Data', purpose: 'What is in the pictures', load: () => import('./data/Room.svelte') },
  { id: 'kernels', name: 'Kernels', purpose: 'Convolution as a filter', load: () => import('./kernels/Room.svelte') },
  { id: 'network', name: 'Network', purpose: 'Inside a net', load: () => import('./network/Room.svelte') },
  { id: 'train', name: 'Train', purpose: 'Watch one learn', load: () => import('./train/Room.svelte') },
  { id: 'latent', name: 'Latent', purpose: 'Walk through what it knows', load: () => import('./latent/Room.svelte') },
  { id: 'publish', name: 'Publish', purpose: 'Give it to the world', load: () => import('./publish/Room.svelte') },
];
