package main

import (
	"fmt"

	"calaudit/audit"
	"calaudit/audit/report"
)

const auditLong = `Audit what the database holds, save the run and print the shortfall table. Exits
3 when licences are short (see --fail-on).

With --what-if FILE the report shows beside the position the one that would be
with the changes in that file, and who would be judged differently. The run that
is saved, its digest and the exit status are those of the position as it is. The
file is TOML in the shapes of the other inputs, and any part may be absent:

  policy  = "ocs2007r2"              # a name or a file, as --policy takes it
  assign  = "user"
  replace = ["licenses"]             # these parts alone, not beside those in force

  [readings]
  external-attendee = "lenient"

  [estate]                           # the keys of estate.toml
  applications = ["svc-fax@contoso.com"]
  [estate.servers]
  "fe9.contoso.com" = {role = "front-end", edition = "standard", version = "2007-r2"}

  [[licenses]]                       # the columns of licenses.csv
  license    = "ocs-standard-cal"
  metric     = "user"
  version    = "2007"
  quantity   = 25                    # below 0: so many fewer
  unit_price = "31.00"               # in place of the price in force`

// supposition is a checked what-if file.
type supposition struct {
	*audit.WhatIf
	policy  *audit.Policy
	answers []string // of --reading
}

// readWhatIf reads the file of --what-if, if there is one.
func readWhatIf(name string, f *auditFlags) (*supposition, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readSmall(name)
	if err != nil {
		return nil, usageError(fmt.Errorf("--what-if: %w", err))
	}
	w, err := audit.ParseWhatIf(name, data)
	if err != nil {
		return nil, usageError(err)
	}
	x := &supposition{WhatIf: w, answers: f.readings}
	policy := w.Policy
	if policy == "" {
		policy = f.policy
	}
	if x.policy, err = loadPolicy(policy); err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", name, err))
	}
	return x, usageError(w.CheckReadings(x.policy))
}

// input is the input as it would be, nil without a supposition.
func (x *supposition) input(in *audit.Input) (*audit.Input, error) {
	if x == nil {
		return nil, nil
	}
	then, err := x.Apply(in, x.policy, x.answers)
	return then, usageError(err)
}

// writeWhatIf audits what would be and prints it beside what is.
func (a *app) writeWhatIf(x *supposition, r *audit.Report, subjects []audit.Subject, then *audit.Input) error {
	would, others, err := audit.Run(then)
	if err != nil {
		return err
	}
	return a.write(report.WhatIf(r, report.Supposed{File: x.File, Changes: x.Changes(), Then: would, Subjects: subjectChanges(subjects, others)}))
}
