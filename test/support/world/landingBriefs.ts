import type { Input } from './studio.js';

export const style = {
  id: 'house-style',
  content:
    'Plain words. Say in the first line who it is for. A price is part of the promise: name it. No exclamation marks; never "revolutionary", "simply" or "unlock".',
};

export const plotbook: Input = {
  key: 'plotbook',
  text: 'Plotbook: a planner for allotment gardeners. It knows the last frost of your postcode and says each Friday what to sow, plant out or pick. Free for one bed, 2 euros a month for more. Works without signal.',
  documents: [style],
};

export const tidebell: Input = {
  key: 'tidebell',
  text: 'Tidebell: an alarm for people who row, swim or dig for bait. It rings a set time before high or low water at your slipway, a little later each day as the tide moves. 6 euros once. Tide tables for a year ahead, offline.',
  documents: [style],
};

// C alone was given the reviews in cycle 2: what it wrote then answers another question than the others' copy.
export const reviews = {
  id: 'plotbook-reviews',
  content:
    '"I stopped losing my leeks to the calendar." "My plot neighbour asks me on Fridays now." (app store, March 2026)',
};
