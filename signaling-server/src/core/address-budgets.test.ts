import { expect, test } from 'vitest';
import { AddressBudgets, MAX_ADDRESSES } from './address-budgets.ts';

const RATE = { burst: 2, perSecond: 0.5 };

test('each address has a budget of its own', () => {
  const budgets = new AddressBudgets(RATE);
  expect([1, 2, 3].map(() => budgets.trySpend('attacker', 0))).toEqual([true, true, false]);
  expect(budgets.trySpend('alice', 0)).toBe(true);
  expect(budgets.trySpend('attacker', 2_000)).toBe(true);
});

test('an address is remembered until its budget is full again, and no longer', () => {
  const budgets = new AddressBudgets(RATE);
  budgets.trySpend('alice', 0);
  budgets.trySpend('bob', 1_000);
  budgets.trySpend('alice', 2_000);
  budgets.prune(4_999);
  expect(budgets.size).toBe(2);
  budgets.prune(5_000);
  expect(budgets.size).toBe(1);
  budgets.prune(6_000);
  expect(budgets.size).toBe(0);
});

test('the number of addresses is bounded, and the one that has spent least lately is forgotten first', () => {
  const budgets = new AddressBudgets(RATE);
  for (const address of ['alice', 'alice', 'bob', 'bob']) budgets.trySpend(address, 0);
  for (let index = 0; index < MAX_ADDRESSES - 1; index++) budgets.trySpend(`${index}`, 0);
  expect(budgets.size).toBe(MAX_ADDRESSES);
  expect(budgets.trySpend('bob', 0)).toBe(false);
  expect(budgets.trySpend('alice', 0)).toBe(true);
});
