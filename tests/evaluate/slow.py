"""The account rules once more, mark by mark in plain Python, written from the texts and not from the kernels."""

from fractions import Fraction


class SlowAccount:
    def __init__(self, limits, cost=0, kind=False):
        self.l, self.cost, self.kind = limits, cost, kind
        self.floor = None if limits.distance is None else limits.start - limits.distance
        self.balance = limits.start
        self.status, self.rule, self.where = "open", "", None
        self.nets, self.traded, self.floors = [], 0, []
        self.first = None

    def touch(self, equity):
        if self.floor is None:
            return False
        return equity <= self.floor if self.l.touch else equity < self.floor

    def see(self, value):
        """What is trailed has reached a value."""
        raised = value - self.l.distance
        if raised > self.l.lock:
            raised = self.l.lock
        if raised > self.floor:
            self.floor = raised

    def fail(self, rule, number, bar):
        self.status, self.rule, self.where = "failed", rule, (number, bar)

    def day(self, number, day):
        """Walk a day; returns where the ledger's own result and ours part, for the next day."""
        l = self.l
        if self.first is None:
            self.first = day.date
            self.shift = l.start - day.open
        shift, opened, stopped = self.shift, day.open + self.shift, None
        rows = list(
            zip(day.low.tolist(), day.high.tolist(), day.close.tolist(), day.balance.tolist(), day.position.tolist())
        )
        held = abs(day.open_position)
        if l.trail == "equity" and l.distance is not None:
            self.see(opened)
        if l.trail == "balance" and l.distance is not None:
            self.see(day.open_balance + shift)
        for bar, (low, high, close, balance, position) in enumerate(rows):
            low, high, close, balance = low + shift, high + shift, close + shift, balance + shift
            daily = l.daily is not None and low <= opened - l.daily
            if daily and not l.daily_fails:
                level = opened - l.daily
                after = close if position == 0 and close <= level else level - self.cost * max(held, abs(position), 1)
                low, close, balance, stopped = min(low, after), after, after, after
            if l.live and self.floor is not None:
                moving = {"equity": high, "balance": balance}.get(l.trail)
                if moving is not None and not self.kind:
                    self.see(moving)
                if self.touch(low):
                    return self.fail("max_loss_limit", number, bar)
                if moving is not None and self.kind:
                    self.see(moving)
                    if l.trail == "equity" and self.touch(close):
                        return self.fail("max_loss_limit", number, bar)
            if daily and l.daily_fails:
                return self.fail("daily_loss_limit", number, bar)
            self.floors.append(self.floor)
            held = abs(position)
            if stopped is not None:
                position = 0
                break
        if self.floor is not None and not l.live and self.touch(close):
            return self.fail("max_loss_limit", number, bar)
        if stopped is not None:
            self.shift += stopped - (rows[-1][2] + shift)
        self.nets.append(balance - self.balance)
        self.balance = balance
        self.traded += day.traded
        if l.trail == "end_of_day" and self.floor is not None:
            self.see(balance)
        profit, best = self.balance - l.start, max([0, *self.nets])
        if l.target is not None and position == 0 and profit >= l.target and self.traded >= l.min_days:
            good = True
            if l.share is not None:
                share = Fraction(best, profit)
                good = share <= Fraction(*l.share) if l.inclusive else share < Fraction(*l.share)
            if good:
                self.status = "passed"
                return None
        if l.max_days is not None and (day.date - self.first).days >= l.max_days - 1:
            self.fail("max_days", number, bar)
        return None


def slow_walk(days, limits, cost=0, kind=False):
    account = SlowAccount(limits, cost, kind)
    for number, day in enumerate(days):
        account.day(number, day)
        if account.status != "open":
            break
    return account
