"""Random rules of every model, for random worlds."""


def threshold(dice):
    return (f"[threshold]\nplays = {dice.below(7)}\nmonths = {dice.between(1, 120)}\nlisteners = {dice.below(3)}\n"
            f'compare = "{dice.pick([">", ">="])}"\nlevel = "{dice.pick(["artist", "track"])}"\n'
            f'below = "{dice.pick(["redistribute", "suspense"])}"\n')


def user_centric(dice, idle):
    return (f'[user_centric]\nby = "{dice.pick(["plays", "time"])}"\nidle = "{idle}"\n'
            f'family = "{dice.pick(["member", "account"])}"\n')


def artist_centric(dice, isrcs):
    out = "[artist_centric]\n"
    if dice.chance(70):
        out += (f'professional = {{ plays = {dice.below(8)}, listeners = {dice.below(4)}, compare = "{dice.pick([">", ">="])}", '
                f'factor = {dice.pick([0, 1000, 1500, 2000, 3333])}, level = "{dice.pick(["artist", "track"])}" }}\n')
    if dice.chance(60):
        out += f"active = {{ factor = {dice.pick([0, 500, 1001, 2000])} }}\n"
    if dice.chance(70):
        out += f'cap = {{ plays = {dice.between(1, 5)}, method = "{dice.pick(["maximum", "normalise", "halve-beyond"])}" }}\n'
    if dice.chance(50):
        out += (f"noise = {{ isrcs = [{dice.pick([chr(34) + dice.pick(isrcs) + chr(34), ''])}], "
                f"shorter_than_ms = {dice.pick([0, 25_000, 25_001, 180_001])}, factor = {dice.pick([0, 1, 250, 1000])} }}\n")
    return out


def us_mechanical(dice):
    lengths = sorted({dice.pick([0, 24_999, 25_000, 60_000, 179_999, 180_000, 300_000]) for _ in range(dice.below(4))})
    rows = ", ".join(f"{{ over_ms = {over}, factor = {dice.pick([0, 1000, 1200, 2000])} }}" for over in lengths)
    step = f"overtime_step = {{ ms = {dice.pick([1000, 7_777, 60_000])}, add = {dice.pick([0, 200, 333])} }}\n" if dice.chance(60) else ""
    return f'[us_mechanical]\nheadline_ppm = 153500\nrounding = "cent"\novertime = [{rows}]\n{step}'


def rules(dice, isrcs, counted):
    """(text of a rules file, whether pools must state subscribers). `counted`: lines about what counts."""
    model = dice.pick(["pro-rata", "user-centric", "user-centric", "artist-centric", "artist-centric", "us-mechanical"])
    idle = dice.pick(["share", "suspense"])
    table = {"pro-rata": lambda: "", "user-centric": lambda: user_centric(dice, idle),
             "artist-centric": lambda: artist_centric(dice, isrcs), "us-mechanical": lambda: us_mechanical(dice)}[model]()
    held = threshold(dice) if dice.chance(40) else ""
    return f'version = 1\nmodel = "{model}"\n{counted}{table}{held}', model == "user-centric" and idle == "suspense"
