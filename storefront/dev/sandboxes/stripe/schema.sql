-- Every object in its current state. Of a card it holds the last four digits only.
CREATE TABLE IF NOT EXISTS objects (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    intent TEXT NOT NULL DEFAULT '',  -- the payment intent that it belongs to
    body TEXT NOT NULL,
    acts_at REAL  -- when a session or an authorization expires
);
CREATE INDEX IF NOT EXISTS objects_of_intent ON objects (kind, intent);
CREATE TABLE IF NOT EXISTS events (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
);
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
