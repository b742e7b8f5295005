-- Stock and costs: age reported stock, keep room for updates.

-- Returns how many of the reported units are not sold because the figure is old: none up to
-- fresh_for_min, all after expires_after_min. Same rule as suppliers/inventory/freshness.py, for
-- statements that must not rely on rows read before them.
CREATE OR REPLACE FUNCTION stock_decay(
    reported int, age interval, fresh_for_min int, expires_after_min int,
    units numeric, percent numeric, accuracy numeric
) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN age > make_interval(mins => expires_after_min) THEN reported
        WHEN age <= make_interval(mins => fresh_for_min) THEN 0
        ELSE LEAST(reported, CEIL(
            CEIL((EXTRACT(EPOCH FROM age) - fresh_for_min * 60) / 3600)
            * (units + reported * percent / 100)
            * CASE WHEN accuracy IS NULL THEN 1 ELSE GREATEST(1, LEAST(3, 1 + 10 * (1 - accuracy))) END
        ))::int
    END
$$;

-- A changed cost fits on the page of its row, and needs no new index entry.
ALTER TABLE suppliers_supplieroffer SET (fillfactor = 90);

-- The same for a changed stock level.
ALTER TABLE suppliers_stocklevel SET (fillfactor = 90);
