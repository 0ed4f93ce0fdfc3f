#!/usr/bin/env node
// A farm's policy of one's own: 3bot asks it about every offer that it would make.
//
//   3bot farm policy set --script "$PWD/farm-policy.mjs" --ceiling 150%
//   3bot farm policy test --cpu 4 --for 12h
//
// In: one JSON value on stdin with the request, the offer that would be made, and within what its prices may move.
// Out: {"answer": "accept"}, {"answer": "decline", "code": …, "reason": …} or {"answer": "reprice", "prices": …}.
// There are 10 s, and nothing of your environment but PATH. What cannot be read as such an answer counts as none.
import { text } from 'node:stream/consumers';

const { request, offer, bounds, at } = JSON.parse(await text(process.stdin));

function answer() {
  const hours = request.term_ms / 3_600_000;
  // A night's work on few cores is somebody who tries things out: welcome, at any price.
  if (offer.resources.cru > 16 && hours < 24) {
    return { answer: 'decline', code: 'term', reason: 'more than 16 cores are sold for a day at least' };
  }
  // Electricity is dear between 17 and 21 o'clock (UTC): as much as the farmer allows.
  const hour = new Date(at).getUTCHours();
  if (hour >= 17 && hour < 21) return { answer: 'reprice', prices: bounds.most };
  return { answer: 'accept' };
}

process.stdout.write(`${JSON.stringify(answer())}\n`);
