-- How much of a network's allowance is used up, as the network last told: of our app as a whole, and of an account.
CREATE TABLE budgets (
    key text PRIMARY KEY,
    used_percent smallint NOT NULL,
    free_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app_now()
);
CREATE INDEX budgets_by_age ON budgets (updated_at);
ALTER TABLE budgets ENABLE ROW LEVEL SECURITY;
