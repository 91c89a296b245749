"""All bars of a run. A bar is walked only when something can happen in it; the others cost a few comparisons."""

from barstep.engine.array.kernel.bar import begin_session, fill_at_close, fill_at_open, flatten, plain_market, play_bar
from barstep.engine.array.kernel.gate import ask
from barstep.engine.array.kernel.guards import worth
from barstep.engine.array.kernel.jit import entry_point, helper
from barstep.engine.array.kernel.layout import (
    AT_CLOSE, AT_THE_END, BAR, BAR_CLOSE, BAR_HIGH, BAR_LOW, BAR_OPEN, BARS, BOOK, CLOSE_AT_END, DRAWDOWN, END,
    END_OF_DATA, EVENT, FAILED, FAR, FIRST, FLAT_TIME, FORCED_SLIP, G_ACTED, G_CAP, G_DAY, G_LEVEL, G_START, G_TRAIL,
    GUARD, GUARDS, HEAD, HIGH, IN_BAR, IN_MARKET, KEEP, KIND, L_POSITION, LIVE, LOGGED, LOTS, LOW, MARKET, MARKET_SLIP,
    NEEDS, ORDERS, PEAK, POSITION, SETTLE, START, STATE, STEPPED, TICK_VALUE, TRAIL, WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.ledger import book_late, catch_up, earned_at
from barstep.engine.array.kernel.removal import cancel_all
from barstep.engine.array.kernel.sprint import may_sprint, sprint
from barstep.engine.array.kernel.takes import FLAGS, NUMBERS, PRICES, out


@entry_point(out(NUMBERS), PRICES, PRICES, PRICES, PRICES, FLAGS, *[NUMBERS] * 7)
def play(m, opens, highs, lows, closes, shut, begins, flats, want, stops, targets, trails, denied):
    """Play all bars.

    Args:
        m: The arena, with options, places and rooms set and all else zero.
        opens, highs, lows, closes: Prices in ticks, int32.
        shut: Flags of bars on which nothing fills (R5); empty when there are none.
        begins: Rows at which sessions begin, then one that is never reached.
        flats: Rows after which all is closed (R18), then one that is never reached.
        want: The position wanted after each bar.
        stops, targets, trails: Distances in ticks, one for all bars or one each, 0 for none.
        denied: Non-zero where risk rules let nothing open; empty where they always do.
    """
    b, n = BOOK, len(opens)
    begun = flat = k = 0
    up, down = -FAR, FAR
    fast = may_sprint(m, stops, targets, trails, denied)
    while k < n:
        asking = measured = False
        if fast and m[b + LIVE] == 0 and m[LOTS] - m[HEAD] < 2:
            k, asking = sprint(m, k, min(n - 1, flats[flat]), opens, highs, lows, shut, want)
            measured = asking
            while begins[begun] < k:
                begun += 1
        elif up > -FAR:
            k, asking = skip(m, k, min(n - 1, begins[begun], flats[flat]), highs, lows, want, up, down)
        m[BAR], m[BAR_OPEN], m[BAR_HIGH], m[BAR_LOW], m[BAR_CLOSE] = k, opens[k], highs[k], lows[k], closes[k]
        tradable = len(shut) == 0 or not shut[k]
        if not asking:
            new, last = k == begins[begun], k == flats[flat]
            begun, flat = begun + new, flat + last
            play_row(m, b, new, last, tradable, highs, lows, closes)
        if want[k] != KEEP:
            barred = denied[k] if len(denied) else 0
            order = ask(m, b, want[k], pick(stops, k), pick(targets, k), pick(trails, k), barred)
            if order and m[AT_CLOSE] and tradable:
                catch_up(m, lows, highs, k + 1)
                fill_at_close(m, b, order)
        k += 1
        if m[b + FAILED]:
            break
        if k < n:
            if not measured:
                measure(m)
            up, down = refresh(m, b)
    m[BARS] = k
    if n:
        catch_up(m, lows, highs, k)
        if not m[b + FAILED]:
            finish(m, b)
        measure(m)


@helper
def play_row(m, b, new, last, tradable, highs, lows, closes):
    """Phases A to D of a bar: `new` begins a session, after `last` all is closed (R18)."""
    k = m[BAR]
    m[FIRST] = 1 if new else 0
    if new:
        begin_session(m, b, closes[k - 1] if k else 0)
    if tradable and (m[b + LIVE] or (m[GUARDS] and (new or m[b + POSITION]))):
        catch_up(m, lows, highs, k)
        if plain_market(m, b):
            fill_at_open(m, b)
        else:
            play_bar(m, b)
    if last and (m[b + LIVE] or m[b + POSITION]):
        catch_up(m, lows, highs, k + 1)
        flatten(m, b, m[FORCED_SLIP], SETTLE, 18, FLAT_TIME, IN_BAR)


@helper
def pick(distances, k):
    """A bar's distance: one for all bars, or one each."""
    return distances[0] if len(distances) == 1 else distances[k]


@helper
def skip(m, k, edge, highs, lows, want, up, down):
    """Pass by bars while nothing can happen: the first bar that needs a look, and whether only its wish does."""
    position = m[BOOK + POSITION]
    base = m[START] + earned_at(m, 0)
    slope = position * m[TICK_VALUE]
    peak, drawdown = m[PEAK], m[DRAWDOWN]
    first, asking = k, False
    while k < edge:
        high, low = highs[k], lows[k]
        if high >= up or low <= down:
            break
        if want[k] != position and want[k] != KEEP:
            asking = True
            break
        worst, best = (low, high) if slope > 0 else (high, low)
        drawdown = max(drawdown, peak - (base + slope * worst))
        peak = max(peak, base + slope * best)
        k += 1
    m[PEAK], m[DRAWDOWN] = peak, drawdown
    if position:
        m[IN_MARKET] += k - first
    return k, asking


@helper
def measure(m):
    """Take the bar's extremes of equity into the figures, as `EquityMeter` does."""
    if m[STEPPED] == m[BAR]:
        low, high = m[LOW], m[HIGH]
    else:
        one, two = earned_at(m, m[BAR_LOW]), earned_at(m, m[BAR_HIGH])
        low, high = min(one, two), max(one, two)
    m[DRAWDOWN] = max(m[DRAWDOWN], m[PEAK] - m[START] - low)
    m[PEAK] = max(m[PEAK], m[START] + high)
    if m[L_POSITION]:
        m[IN_MARKET] += 1


@helper
def refresh(m, b):
    """The nearest levels that a rise and a fall can reach; below every price where each bar needs a look."""
    up, down = FAR, -FAR
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + KIND] == MARKET or m[w + TRAIL]:
            return -FAR, FAR
        if m[w + NEEDS] > 0:
            up = min(up, m[w + EVENT])
        else:
            down = max(down, m[w + EVENT])
    slope = m[b + POSITION] * m[TICK_VALUE]
    for i in range(m[GUARDS]):
        g = b + STATE + i * GUARD
        if not slope:
            if m[b + LIVE] and m[g + G_ACTED]:
                return -FAR, FAR
            continue
        if m[g + G_TRAIL] >= 0:
            return -FAR, FAR
        level = m[g + G_LEVEL] + (m[g + G_START] if m[g + G_DAY] else 0)
        at = (level - worth(m, b, 0)) // slope  # one tick early at most, never late
        if (slope > 0) == (m[g + G_CAP] == 0):
            down = max(down, at + 1)
        else:
            up = min(up, at)
    return max(up, 1 - FAR), down


@helper
def finish(m, b):
    """The end of the data (R25)."""
    if not m[b + LIVE] and not m[b + POSITION]:
        return
    if m[CLOSE_AT_END]:
        flatten(m, b, m[MARKET_SLIP], END, 25, END_OF_DATA, AT_THE_END)
    else:
        m[b + LOGGED] = 0
        cancel_all(m, b, END_OF_DATA)
        book_late(m, b, AT_THE_END)
