// Loaded before 3bot in the processes of a development grid: keystores that they make are opened in 40 ms instead of 350.
// scrypt makes it dear to guess what a person thought of; the passphrase there is 192 random bits, which nobody guesses.
import { instead, LEAST_KDF_COST } from '../keys/cost.js';

instead.cost = LEAST_KDF_COST;
