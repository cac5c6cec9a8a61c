"""
Proofs: whether everything that a sender may send is accepted by a receiver.

`sides` has the schemas of both in their roles, with canonical forms, `containment` compares them: `sameness` finds what
says the same, `congruence` compares what is written alike, `alternatives` choices, `parts` lists and objects, `values`
and `scalars` listed values, texts and numbers; `apart` tells alternatives apart. What is left are `gaps`,
for which `samples` makes values. `forms` reads canonical forms, `wire` says what texts on the wire may stand for.

Rules for editors: a rule of a comparison may only err towards a gap; a value of `samples` proves nothing by itself.
"""
