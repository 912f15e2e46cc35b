package audit

// otherAnswers is whose verdict depends on a question, and what the answer that
// was not chosen makes of them. A run keeps it with its subjects, so that it
// can be asked later and is sealed like everything else that was decided; to
// work it out again would need the evidence and the entitlements of that day.
type otherAnswers struct {
	question, answer string
	users, devices   []differs
}

type differs struct {
	subject int32 // person or device
	standing
}

// differing lists the present subjects whose outcome or licences are not the
// same.
func differing(present []bool, a, b []standing) (list []differs) {
	for i, is := range present {
		if is && (a[i].outcome != b[i].outcome || a[i].grant != b[i].grant) {
			list = append(list, differs{int32(i), b[i]})
		}
	}
	return list
}

// bySubject writes the answers out, in the order of the questions.
func bySubject(others []otherAnswers, of func(*otherAnswers) []differs, names labels) map[int32][]OtherAnswer {
	all := map[int32][]OtherAnswer{}
	for i := range others {
		for _, d := range of(&others[i]) {
			x := OtherAnswer{Question: others[i].question, Answer: others[i].answer, Outcome: d.outcome.String(), CoveredBy: d.coveredBy}
			x.Licenses, x.Versions = names.held(d.grant)
			all[d.subject] = append(all[d.subject], x)
		}
	}
	return all
}
