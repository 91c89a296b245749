"""SMA crossover as a playground script: always on the side of the fast mean, once there is a slow one."""

FAST_PERIOD = int(os.environ.get("FAST_PERIOD", "10"))
SLOW_PERIOD = int(os.environ.get("SLOW_PERIOD", "30"))

closes = []
position = None  # None, "long" or "short"

for i in range(MAX_BARS):
    bar = get_next_bar()
    if bar is None:
        break
    read_speed()
    if STEP_DELAY > 0:
        time.sleep(STEP_DELAY)

    closes.append(bar["c"])
    if len(closes) < SLOW_PERIOD:
        continue
    fast = sum(closes[-FAST_PERIOD:]) / FAST_PERIOD
    slow = sum(closes[-SLOW_PERIOD:]) / SLOW_PERIOD
    size = 1 if position is None else 2  # two turn a position round: one closes it, one opens the other side

    if fast > slow and position != "long":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 0, size)["success"]:
            position = "long"
            print(f"[TRADE] {bar['t']} buy {size} near {bar['c']}")
    elif fast < slow and position != "short":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 1, size)["success"]:
            position = "short"
            print(f"[TRADE] {bar['t']} sell {size} near {bar['c']}")

print(f"[INFO] {len(closes)} bars, balance {get_account()['balance']:,.2f}")
