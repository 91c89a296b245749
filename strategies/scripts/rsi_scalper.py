"""RSI scalper as a playground script: buys when oversold, sells when overbought, and waits for the other to reverse."""

RSI_PERIOD = int(os.environ.get("RSI_PERIOD", "14"))
OVERSOLD = float(os.environ.get("OVERSOLD", "30"))
OVERBOUGHT = float(os.environ.get("OVERBOUGHT", "70"))


def rsi(closes, period):
    """RSI with plain averages of the last changes; 100 without losses, 50 without enough closes."""
    if len(closes) < period + 1:
        return 50.0
    recent = closes[-period - 1 :]
    changes = [recent[k + 1] - recent[k] for k in range(period)]
    gain = sum(change for change in changes if change > 0) / period
    loss = sum(-change for change in changes if change < 0) / period
    return 100.0 if loss == 0 else 100 - 100 / (1 + gain / loss)


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
    if len(closes) < RSI_PERIOD + 1:
        continue
    value = rsi(closes, RSI_PERIOD)
    size = 1 if position is None else 2  # two turn a position round: one closes it, one opens the other side

    if value < OVERSOLD and position != "long":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 0, size)["success"]:
            position = "long"
            print(f"[TRADE] {bar['t']} buy {size} near {bar['c']}, RSI {value:.1f}")
    elif value > OVERBOUGHT and position != "short":
        if place_order(ACCOUNT_ID, CONTRACT_ID, 1, size)["success"]:
            position = "short"
            print(f"[TRADE] {bar['t']} sell {size} near {bar['c']}, RSI {value:.1f}")

print(f"[INFO] {len(closes)} bars, balance {get_account()['balance']:,.2f}")
