"""Channel breakout as a playground script: long above the highest high of the bars before, short below their lowest low."""

LOOKBACK = int(os.environ.get("LOOKBACK", "50"))

highs, lows = [], []
position = None  # None, "long" or "short"

for i in range(MAX_BARS):
    bar = get_next_bar()
    if bar is None:
        break
    read_speed()
    if STEP_DELAY > 0:
        time.sleep(STEP_DELAY)

    highs.append(bar["h"])
    lows.append(bar["l"])
    if len(highs) < LOOKBACK + 1:
        continue
    channel_high = max(highs[-LOOKBACK - 1 : -1])  # the current bar is not part of its channel
    channel_low = min(lows[-LOOKBACK - 1 : -1])
    size = 1 if position is None else 2  # two turn a position round: one closes it, one opens the other side

    if bar["c"] > channel_high and position != "long":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 0, size)["success"]:
            position = "long"
            print(f"[TRADE] {bar['t']} buy {size} near {bar['c']}")
    elif bar["c"] < channel_low and position != "short":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 1, size)["success"]:
            position = "short"
            print(f"[TRADE] {bar['t']} sell {size} near {bar['c']}")

print(f"[INFO] {len(highs)} bars, balance {get_account()['balance']:,.2f}")
