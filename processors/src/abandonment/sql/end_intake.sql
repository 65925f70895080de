UPDATE abandonment_v1.intake SET through = $3 WHERE incarnation = $1 AND partition = $2
