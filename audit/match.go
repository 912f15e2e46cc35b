package audit

import (
	"slices"

	"calaudit/ingest"
)

// ruleCase is what rules tell uses apart by.
type ruleCase struct {
	class    ingest.Class
	activity ingest.Activity
	peer     ingest.Class // of the other side of a call, where it has one
	manner   manner
}

// manner is how something was done: a set.
type manner uint8

const (
	presenting  manner = 1 << iota // a conference was attended as a presenter
	withSharing                    // desktop or application sharing was among the media
	withData                       // so was whiteboard, polls or slides
	inRoom                         // the identity is a room system

	manners = 1 << iota
)

// The words of a rule that speak of manners, by key.
var (
	roleWords   = []string{ingest.Presenter.String()}
	mediaWords  = []string{ingest.MediaSharing.String(), ingest.MediaData.String()}
	deviceWords = []string{roomSystem}
)

const roomSystem = "room-system"

// mannerOf is the manner of a usage, but for what the identity is.
func mannerOf(k *UsageKey) (m manner) {
	if k.Presents {
		m |= presenting
	}
	if k.Media&ingest.MediaSharing != 0 {
		m |= withSharing
	}
	if k.Media&ingest.MediaData != 0 {
		m |= withData
	}
	return m
}

// eachCase goes through all cases that occur: what KeyOf keeps of facts.
func eachCase(yield func(ruleCase) bool) {
	none, media := []manner{0}, []manner{0, withSharing, withData, withSharing | withData}
	for class := ingest.Class(1); class < ruleClasses; class++ {
		for activity := ingest.Activity(1); activity < ruleActivities; activity++ {
			ways, peers := none, ingest.Class(1)
			switch {
			case activity.Call():
				ways, peers = media, ruleClasses
			case activity == ingest.IMSession:
				ways = media
			case activity == ingest.ConferenceAttended:
				ways = []manner{0, presenting, presenting | withSharing, presenting | withData, presenting | withSharing | withData}
			}
			for peer := range peers {
				for _, m := range ways {
					if !yield(ruleCase{class, activity, peer, m}) {
						return
					}
					if class == ingest.Hosted && !yield(ruleCase{class, activity, peer, m | inRoom}) {
						return
					}
				}
			}
		}
	}
}

const (
	ruleClasses    = 8
	ruleActivities = 10
)

// caseNumbers and ruleCells number the cases that occur, from 0.
var caseNumbers, ruleCells = func() (numbers [ruleClasses * ruleActivities * ruleClasses * manners]int16, n int) {
	for i := range numbers {
		numbers[i] = -1
	}
	for c := range eachCase {
		numbers[c.index()] = int16(n)
		n++
	}
	return numbers, n
}()

func (c ruleCase) index() int {
	return ((int(c.class)*ruleActivities+int(c.activity))*ruleClasses+int(c.peer))*manners + int(c.manner)
}

// cell is the number of a case that occurs.
func (c ruleCase) cell() int { return int(caseNumbers[c.index()]) }

// matcher is a rule's conditions: sets of classes, activities and manners.
type matcher struct {
	class, activity, peer uint16
	every                 manner // all of these
	any                   manner // and one of these, if there are any
}

// matchers prepares the rules for matching, in their order.
func (p *Policy) matchers() []matcher {
	set := func(words, all []string) uint16 {
		if len(words) == 0 {
			return ^uint16(0)
		}
		m := uint16(0)
		for _, w := range words {
			m |= 1 << (slices.Index(all, w) + 1)
		}
		return m &^ 1 // what is not told is named by no word
	}
	list := make([]matcher, len(p.Rules))
	for i := range p.Rules {
		r, m := &p.Rules[i], &list[i]
		m.class, m.peer = set(r.Class, ingest.ClassNames()), set(r.Peer, ingest.ClassNames())
		m.activity = set(r.Activity, ingest.ActivityNames())
		if len(r.Role) > 0 {
			m.every |= presenting
		}
		if len(r.Device) > 0 {
			m.every |= inRoom
		}
		for _, w := range r.Media {
			m.any |= withSharing << slices.Index(mediaWords, w)
		}
	}
	return list
}

func (m *matcher) matches(c ruleCase) bool {
	return m.class&(1<<c.class) != 0 && m.activity&(1<<c.activity) != 0 && m.peer&(1<<c.peer) != 0 &&
		c.manner&m.every == m.every && (m.any == 0 || c.manner&m.any != 0)
}

// first is the rule that decides a case, -1 for none.
func first(matchers []matcher, c ruleCase) int {
	for i := range matchers {
		if matchers[i].matches(c) {
			return i
		}
	}
	return -1
}
