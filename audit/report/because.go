package report

import (
	"slices"
	"strings"

	"calaudit/audit"
)

// Because says why a subject holds CALs itself or is covered by the other side;
// others are the devices that a user was seen on, or the users seen on a device,
// in the same run, and lines its evidence, of which the older may be missing. Empty
// when there is nothing to say: nothing is needed, or connectors cover it.
func Because(s audit.Subject, others []audit.Subject, lines []EvidenceLine, r *audit.Report) string {
	other, them, seen := "device", "devices", "it was used on"
	if s.Kind == "device" {
		other, them, seen = "user", "users", "seen on it"
	}
	var with, without []string
	for i := range others {
		if len(others[i].Licenses) > 0 && others[i].Covers(&s) {
			with = append(with, others[i].ID)
		} else {
			without = append(without, others[i].ID)
		}
	}
	strict := func(question string) bool { return r.Policy.Readings[question] == "strict" }
	switch {
	case s.CoveredBy == other+"-cal" && len(with) > 0:
		return "covered by the " + other + " CALs of " + some(with, 5)
	case len(s.Licenses) == 0:
		return ""
	case strict("user-and-device"):
		return "holds its own, for every user and every device does (reading user-and-device, strict)"
	case strict("identity-by-device") && s.Kind == "user" && s.Class == "hosted":
		return "holds its own, for every hosted identity does (reading identity-by-device, strict)"
	case len(without) > 0:
		apart := ""
		if s.Kind == "user" && apartFrom(s, lines) {
			apart = "some of its uses were on no device that can hold CALs, and "
		}
		return "holds its own, for " + apart + grouped(len(without)) + " of the " + plural(len(others), other, them) + " " + seen +
			" " + doesNot(len(without)) + " hold CALs that would do: " + some(without, 5)
	case len(others) > 0 && r.Assign == s.Kind:
		return "holds its own (--assign " + r.Assign + ")"
	case s.Kind == "user" && len(others) == 0 && !slices.ContainsFunc(s.Reasons, func(x audit.Reason) bool { return !standing[x.Activity] }):
		return "holds its own, for the directory asks for it and no use was seen"
	}
	uses := "its uses were"
	if len(others) > 0 {
		uses = "some of " + uses
	}
	if s.Kind == "user" {
		return "holds its own, for " + uses + " on no device that can hold CALs"
	}
	return "holds its own, for " + uses + " by nobody who can hold CALs"
}

// apartFrom tells whether a use that asks for CALs was on no device of its own,
// so that no device CAL could meet it.
func apartFrom(s audit.Subject, lines []EvidenceLine) bool {
	return slices.ContainsFunc(lines, func(e EvidenceLine) bool {
		bare := e.Device == "" || strings.HasPrefix(e.Device, "epid:") || strings.HasPrefix(e.Device, "uuid:")
		return bare && !standing[e.Activity] && slices.ContainsFunc(s.Reasons, func(x audit.Reason) bool {
			return x.Activity == e.Activity && x.Outcome != "exempt"
		})
	})
}

func doesNot(n int) string {
	if n == 1 {
		return "does not"
	}
	return "do not"
}
