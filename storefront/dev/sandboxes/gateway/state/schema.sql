-- The ground truth: what this gateway did. It keeps of a card its last four digits only.
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    return_url TEXT NOT NULL,
    locale TEXT NOT NULL,
    last4 TEXT NOT NULL DEFAULT '' CHECK (length(last4) <= 4),
    authorized INTEGER NOT NULL DEFAULT 0 CHECK (authorized <= amount),
    captured INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0,
    refunded INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    acts_at REAL,  -- when something happens by itself: the bank answers, the page or the hold ends
    capture_before REAL,
    CHECK (captured + released <= authorized),
    CHECK (refunded <= captured)
);
CREATE INDEX IF NOT EXISTS payments_to_act ON payments (acts_at) WHERE acts_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS events (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    payment TEXT NOT NULL REFERENCES payments (id),
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL,
    request_key TEXT UNIQUE,
    reason TEXT NOT NULL,
    occurred_at REAL NOT NULL,
    capture_before REAL
);
CREATE INDEX IF NOT EXISTS events_of_payment ON events (payment, place);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL REFERENCES events (id),
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_answer TEXT NOT NULL DEFAULT '',
    done_at REAL
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (due_at) WHERE done_at IS NULL;
