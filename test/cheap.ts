// 3bot as bin/3bot.js starts it, but for one thing: a keystore that it makes is opened in 40 ms instead of 350, by the
// least scrypt that a keystore may have. Tests run thousands of commands, and most of them open keys.
import { instead, LEAST_KDF_COST } from '../src/keys/cost.js';

instead.cost = LEAST_KDF_COST;
await import('../commands/main.js');
