"""The account rules once more, mark by mark in plain Python, written from the texts and not from the kernels."""

from fractions import Fraction


class SlowAccount:
    def __init__(self, limits, cost=0, kind=False):
        self.rules, self.cost, self.kind = limits, cost, kind
        self.floor = None if limits.distance is None else limits.start - limits.distance
        self.balance = limits.start
        self.status, self.rule, self.where = "open", "", None
        self.nets, self.traded, self.floors = [], 0, []
        self.first, self.shift = None, 0

    def touched(self, equity):
        if self.floor is None:
            return False
        return equity <= self.floor if self.rules.touch else equity < self.floor

    def see(self, value):
        """What is trailed has reached a value."""
        if self.floor is not None:
            self.floor = max(self.floor, min(value - self.rules.distance, self.rules.lock))

    def fail(self, rule, *where):
        self.status, self.rule, self.where = "failed", rule, where

    def meets_the_floor(self, low, high, close, balance):
        """Whether a bar's marks breach the floor, which they may move."""
        moving = {"equity": high, "balance": balance}.get(self.rules.trail)
        if moving is not None and not self.kind:
            self.see(moving)
        if self.touched(low):
            return True
        if moving is not None and self.kind:
            self.see(moving)
            return self.rules.trail == "equity" and self.touched(close)
        return False

    def day(self, number, day):
        rules = self.rules
        if self.first is None:
            self.first, self.shift = day.date, rules.start - day.open
        shift, level = self.shift, None if rules.daily is None else day.open + self.shift - rules.daily
        held, stopped = abs(day.open_position), False
        if rules.trail == "equity":
            self.see(day.open + shift)
        if rules.trail == "balance":
            self.see(day.open_balance + shift)
        for bar in range(len(day.low)):
            low, high, close, balance = (int(c[bar]) + shift for c in (day.low, day.high, day.close, day.balance))
            position, daily = int(day.position[bar]), level is not None and low <= level
            if daily and not rules.daily_fails:
                kept = position == 0 and close <= level
                close = close if kept else level - self.cost * max(held, abs(position), 1)
                low, balance, position, stopped = min(low, close), close, 0, True
            if rules.live and self.meets_the_floor(low, high, close, balance):
                return self.fail("max_loss_limit", number, bar)
            if daily and rules.daily_fails:
                return self.fail("daily_loss_limit", number, bar)
            self.floors.append(self.floor)
            held = abs(position)
            if stopped:
                break
        if not rules.live and self.touched(close):
            return self.fail("max_loss_limit", number, bar)
        if stopped:
            self.shift += close - (int(day.close[-1]) + shift)
        return self.end(number, bar, day, balance, position)

    def end(self, number, bar, day, balance, position):
        self.nets.append(balance - self.balance)
        self.balance = balance
        self.traded += day.traded
        if self.rules.trail == "end_of_day":
            self.see(balance)
        if position == 0 and self.passes():
            self.status = "passed"
        elif self.rules.max_days is not None and (day.date - self.first).days >= self.rules.max_days - 1:
            self.fail("max_days", number, bar)

    def passes(self):
        rules, profit, best = self.rules, self.balance - self.rules.start, max([0, *self.nets])
        if rules.target is None or profit < rules.target or self.traded < rules.min_days:
            return False
        if rules.share is None:
            return True
        share = Fraction(best, profit)
        return share <= Fraction(*rules.share) if rules.inclusive else share < Fraction(*rules.share)


def slow_walk(days, limits, cost=0, kind=False):
    account = SlowAccount(limits, cost, kind)
    for number, day in enumerate(days):
        account.day(number, day)
        if account.status != "open":
            break
    return account
