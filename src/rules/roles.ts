// Since which line a bot has which role: who may take part in a vote is settled by the line that begins it.
import { MAX_ROLE_SPANS } from '../base/limits.js';
import type { State } from '../bcdb/rulebook.js';
import type { BotRole } from '../schema/types.js';
import { read, write, type BotObject, type RoleSpan } from './objects.js';

/**
 * What becomes of a bot's roles at a line, and of the number of bots that have each. Of roles that were given up, the
 * oldest are forgotten beyond MAX_ROLE_SPANS.
 * @param line the identity's own
 */
export function noteRoles(state: State, before: BotObject | undefined, roles: readonly BotRole[], line: number): RoleSpan[] {
  const spans = before?.role_lines ?? [];
  const has = new Set(spans.filter(({ until }) => until === null).map(({ role }) => role));
  const kept = spans.map((span) => (span.until === null && !roles.includes(span.role) ? { ...span, until: line } : span));
  const begun = roles.filter((role) => !has.has(role));
  for (const role of has) if (!roles.includes(role)) count(state, role, -1);
  for (const role of begun) count(state, role, 1);
  const all = [...kept, ...begun.map((role): RoleSpan => ({ role, from: line, until: null }))];
  return withoutOldest(all, all.length - MAX_ROLE_SPANS);
}

/** A role that the bot still has is never forgotten: it would begin anew, and the bot be counted twice. */
function withoutOldest(spans: readonly RoleSpan[], count: number): RoleSpan[] {
  let left = count;
  return spans.filter(({ until }) => until === null || left-- <= 0);
}

/** Whether a bot had a role when line `line` was taken in, that line itself left out. */
export function hadRole({ role_lines = [] }: BotObject, role: BotRole, line: number): boolean {
  return role_lines.some((span) => span.role === role && span.from < line && (span.until === null || span.until > line));
}

/** How many bots have a role now. */
export function countRole(state: Pick<State, 'get'>, role: BotRole): number {
  return read(state, 'role', role)?.bots ?? 0;
}

function count(state: State, role: BotRole, by: number): void {
  write(state, 'role', role, { bots: countRole(state, role) + by });
}
