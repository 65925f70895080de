-- Names of the ranges of quiz_responses, DEFAULT included.
SELECT child.relname::text
FROM pg_inherits
JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
WHERE pg_inherits.inhparent = 'state_v1.quiz_responses'::regclass
    AND NOT pg_inherits.inhdetachpending
