package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// usTime is how a report server of the United States writes a time.
const usTime = "1/2/2006 3:04:05 PM"

// reportRows are the tables of the monitoring reports.
type reportRows struct {
	sessions, conferences, joins []string
	phones                       map[string]phoneRow // newest sign-in of a person at a phone
}

type phoneRow struct {
	at   time.Time
	text string
	fact attested
}

// registration is one endpoint that was signed in when a snapshot was taken.
type registration struct {
	at   time.Time
	text string
}

// register notes that a snapshot has somebody's endpoint. The snapshot tells
// when the registration will expire, here later on the same day.
func (p *pile) register(day, ms int, q party, srv *server) {
	first, rest, _ := strings.Cut(qoeAgents[q.client][0], " ")
	at := p.clock(day, min(ms+2*3600_000, 86_399_000)).Truncate(time.Second)
	text := fmt.Sprintf("%q,%q,%q,%q,%q,%q", first, rest, p.idOf(q, ""), srv.fqdn, strings.ToLower(q.endpoint), at.Format(usTime))
	p.snaps = append(p.snaps, registration{at, text})
}

// writeRegistrations writes what the script saves with Export-Csv, which is
// ASCII.
func (p *pile) writeRegistrations() error {
	slices.SortStableFunc(p.snaps, func(a, b registration) int { return a.at.Compare(b.at) })
	text := "#TYPE System.Data.DataRow\r\n" + `"ClientVersion","UserAgent","UserName","Server","EndpointId","ExpiresAt"` + "\r\n"
	for _, s := range p.snaps {
		text += s.text + "\r\n"
	}
	return p.put(fromRegistrations, "EndpointRegistrations.csv", []byte(text), len(p.snaps))
}

func (p *pile) reportSession(s session) {
	p.attestSession(fromReport, s)
	from, to := p.ids(s)
	var kinds []string
	for _, k := range []struct {
		bit  int
		name string
	}{{mediaIM, "IM"}, {mediaFile, "File Transfer"}, {mediaShare, "Application Sharing"}, {mediaAudio, "Audio"}, {mediaVideo, "Video"}} {
		if s.media&k.bit != 0 {
			kinds = append(kinds, k.name)
		}
	}
	at := p.clock(s.day, s.ms)
	answered := ""
	if s.code == 200 {
		answered = at.Add(3 * time.Second).Format(usTime)
	}
	p.reports.sessions = append(p.reports.sessions, fmt.Sprintf("%s,%s,%q,%s,%s,%s,%d,%s,%s,%s", reportURI(from), reportURI(to), strings.Join(kinds, ", "),
		at.Format(usTime), answered, at.Add(time.Minute).Format(usTime), 0, reportAgent(s.from), reportAgent(s.to), s.srv.pool))
}

func reportURI(id string) string { return strings.TrimPrefix(sipURI(id), "sip:") }

func reportAgent(q party) string { return qoeAgents[q.client][0] }

func (p *pile) reportMeeting(m conference) {
	uri := "sip:" + m.address + ";gruu;opaque=app:conf:focus:id:" + p.rng.hex(8)
	host := p.idOf(m.organiser, "")
	start := p.clock(m.day, m.ms).Format(usTime)
	p.reports.conferences = append(p.reports.conferences, fmt.Sprintf("%s,%s,%s,%s,%s", uri, host, start, p.clock(m.day, m.ms+1800_000).Format(usTime), m.srv.pool))
	for i, j := range m.joins {
		how, role := "Internal", "Attendee"
		if j.remote {
			how = "External"
		}
		if j.dialIn {
			how = "From PSTN"
		}
		if j.presenter {
			role = "Presenter"
		}
		p.reports.joins = append(p.reports.joins, fmt.Sprintf("%s,%s,%s,%s,%s,%s,%s,%s,%s", uri, host, reportURI(p.idOf(j.party, "")), how, start,
			p.clock(m.day, m.ms+20_000*(i+1)).Format(usTime), role, reportAgent(j.party), m.srv.pool))
	}
}

// reportPhone: the inventory has the newest sign-in of each person at a phone.
func (p *pile) reportPhone(day, ms int, q party, srv *server) {
	if p.reports.phones == nil {
		p.reports.phones = map[string]phoneRow{}
	}
	at, id := p.clock(day, ms), p.idOf(q, "")
	key := q.dev.id + " " + id
	if p.reports.phones[key].at.After(at) {
		return
	}
	p.reports.phones[key] = phoneRow{at, fmt.Sprintf("%s,sip:%s,%q,%s,%s,", dashedMAC(q.dev.mac), id, reportAgent(q), srv.pool, at.Format(usTime)),
		attested{from: fromReport, a: imLogin, id: id, day: day, program: q.client, dev: q.dev}}
}

// writeReports writes two reports of user activity into one file, as "export
// all" does, and the inventory of phones, each with the parameters above.
func (p *pile) writeReports() error {
	w, r := p.w, &p.reports
	head := func(name string) string {
		return fmt.Sprintf("Report,From,To\r\n%s,%s,%s\r\n\r\n", name, w.first.Format(usTime), w.cfg.end.Format(usTime))
	}
	table := func(header string, rows []string) string {
		return header + "\r\n" + strings.Join(rows, "\r\n") + "\r\n"
	}
	activity := head("User Activity Report") +
		table("From user,To user,Modalities,Invite time,Response time,End time,Diagnostic ID,From user agent,To user agent,Pool FQDN", r.sessions) + "\r\n" +
		table("Conference URI,Organizer,Start time,End time,Pool", r.conferences)
	if err := p.put(fromReport, "user-activity.csv", []byte("\ufeff"+activity), 2+len(r.sessions)+len(r.conferences)); err != nil {
		return err
	}
	joins := head("Conference Detail Report") + table("Conference URI,Organizer,Participant,Connectivity,Start time,Join time,Role,User agent,Pool", r.joins)
	if err := p.put(fromReport, "conferences.csv", []byte("\ufeff"+joins), 2+len(r.joins)); err != nil {
		return err
	}
	var keys, phones []string
	for k := range r.phones {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		phones = append(phones, r.phones[k].text)
		p.attest(r.phones[k].fact)
	}
	inventory := head("IP Phone Inventory Report") + table("MAC address,User URI,User agent,Pool,Last logon time,Last logoff time", phones)
	return p.put(fromReport, "phones.csv", []byte("\ufeff"+inventory), 2+len(phones))
}
