-- Returns the number of the next event of a subject, which it locks until the transaction ends. Each
-- statement of a VOLATILE function has its own snapshot: the second one sees the event of a
-- transaction that the first one waited for. A subject may have a thousand events: only the last
-- number is read.
CREATE OR REPLACE FUNCTION next_event_sequence(of_subject varchar) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_subject, 0));
    RETURN (
        SELECT coalesce(max(sequence), 0) + 1 FROM notifications_event WHERE subject = of_subject
    );
END
$$;
