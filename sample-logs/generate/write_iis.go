package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// iisRequest is one request that a web server logged.
type iisRequest struct {
	at             time.Time
	account, agent string
	method, stem   string
	status         int
}

// request notes a request by somebody with an account and returns the name
// under which the server knows her: the account as Windows has it, or for every
// third person the principal name, which is her SIP address too.
func (p *pile) request(day, ms int, x *person, client, stem string) string {
	id, logged := x.account(), fmt.Sprintf(`CONTOSO\ct%06d`, x.number)
	if x.number%3 == 0 && x.older == "" {
		id, logged = x.address, x.name.local()+domain
	}
	agent := "Mozilla/4.0+(compatible;+MSIE+7.0;+Windows+NT+6.0)"
	if client != clientCWA {
		agent = strings.ReplaceAll(qoeAgents[client][0], " ", "+")
	}
	at := p.clock(day, ms)
	p.logons = append(p.logons,
		iisRequest{at, "-", agent, "GET", stem, 401},
		iisRequest{at, logged, agent, "GET", stem, 200},
		iisRequest{at.Add(2 * time.Second), logged, agent, "POST", stem, 200},
		iisRequest{at.Add(5 * time.Second), logged, "OC/2.0.6362.0+(Microsoft+Office+Communicator)", "GET", "/Abs/Int/Handler/F-0d5a.lsabs", 200})
	return id
}

const iisFields = "#Fields: date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status"

// writeIIS writes the log of the first half of the days as it stands, with a
// change of its columns in the middle, and the second half in a .zip with two
// members.
func (p *pile) writeIIS() error {
	slices.SortStableFunc(p.logons, func(a, b iisRequest) int { return a.at.Compare(b.at) })
	n := len(p.logons)
	if err := p.put(fromIIS, "u_ex0903-1.log", []byte(iisLog(p.logons[:n/4])+iisShort(p.logons[n/4:n/2])), n/2); err != nil {
		return err
	}
	second, third := p.logons[n/2:3*n/4], p.logons[3*n/4:]
	const archive = "W3SVC1.zip"
	packed, err := p.archive(fromIIS, archive, []member{{"W3SVC1/u_ex0903-2.log", []byte(iisLog(second))}, {"W3SVC1/u_ex0903-3.log", []byte(iisLog(third))}},
		[]int{len(second), len(third)})
	if err != nil {
		return err
	}
	return p.put(fromIIS, archive, packed, -1)
}

func iisHead(b *strings.Builder, at time.Time, fields string) {
	fmt.Fprintf(b, "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: %s\r\n%s\r\n", at.Format("2006-01-02 15:04:05"), fields)
}

func iisLog(list []iisRequest) string {
	var b strings.Builder
	for i, r := range list {
		if i == 0 {
			iisHead(&b, r.at, iisFields)
		}
		fmt.Fprintf(&b, "%s W3SVC1 10.0.0.5 %s %s - 443 %s 10.0.1.17 %s %d 0 0\r\n", r.at.Format("2006-01-02 15:04:05"), r.method, r.stem, r.account, r.agent, r.status)
	}
	return b.String()
}

// iisShort is the log after somebody changed what is logged: no date in the
// rows, another order; the service starts a new block each day.
func iisShort(list []iisRequest) string {
	var b strings.Builder
	day := ""
	for _, r := range list {
		if d := r.at.Format("2006-01-02"); d != day {
			day = d
			iisHead(&b, r.at, "#Fields: time c-ip cs-username cs-method cs-uri-stem sc-status cs(User-Agent)")
		}
		fmt.Fprintf(&b, "%s 10.0.1.17 %s %s %s %d %s\r\n", r.at.Format("15:04:05"), r.account, r.method, r.stem, r.status, r.agent)
	}
	return b.String()
}
