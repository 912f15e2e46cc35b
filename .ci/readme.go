// Runs every command of the README's console blocks, as written, in a folder,
// and compares what it prints with what the README shows. A line "..." in the
// README stands for any lines. With -update the README takes over what is
// printed, but for blocks with such a line.
// Usage: go run .ci/readme.go [-update] README.md FOLDER
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

type command struct {
	line  int
	text  string
	shown []string
}

func main() {
	update := len(os.Args) > 1 && os.Args[1] == "-update"
	if update {
		os.Args = append(os.Args[:1], os.Args[2:]...)
	}
	if len(os.Args) != 3 {
		fmt.Println("usage: readme.go [-update] README.md FOLDER")
		os.Exit(2)
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	failed := false
	commands := parse(string(data))
	readme := strings.Split(string(data), "\n")
	var out []string
	copied := 0
	for _, c := range commands {
		fmt.Printf("$ %s\n", c.text)
		got, err := c.run(os.Args[2])
		out = append(out, readme[copied:c.line]...)
		copied = c.line
		if update && len(c.shown) > 0 && !slices.Contains(c.shown, "...") {
			out = append(out, got...)
			copied += len(c.shown)
		} else if err != nil {
			fmt.Printf("README.md:%d: %v\n", c.line, err)
			failed = true
		}
	}
	if update {
		out = append(out, readme[copied:]...)
		if err := os.WriteFile(os.Args[1], []byte(strings.Join(out, "\n")), 0o644); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	if failed || len(commands) == 0 {
		os.Exit(1)
	}
	fmt.Printf("%d commands print what the README shows\n", len(commands))
}

func parse(readme string) (list []command) {
	in := false
	for i, line := range strings.Split(readme, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			in = line == "```console"
		case !in:
		case strings.HasPrefix(line, "$ "):
			list = append(list, command{line: i + 1, text: line[2:]})
		case len(list) > 0:
			c := &list[len(list)-1]
			c.shown = append(c.shown, line)
		}
	}
	return list
}

// run returns what the command prints, and an error when that is not shown.
func (c *command) run(dir string) ([]string, error) {
	cmd := exec.Command("bash", "-c", c.text)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if len(c.shown) == 0 {
		if err != nil {
			return nil, fmt.Errorf("%w: %s%s", err, out.String(), errs.String())
		}
		return nil, nil
	}
	got := lines(out.String())
	if !match(c.shown, got) {
		return got, fmt.Errorf("it prints\n%s\n%s", strings.Join(got, "\n"), errs.String())
	}
	return got, nil
}

func lines(s string) []string {
	list := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range list {
		list[i] = strings.TrimRight(list[i], " ")
	}
	return list
}

// match compares lines, with "..." for any number of them.
func match(want, got []string) bool {
	for i, w := range want {
		if w == "..." {
			for skip := 0; skip <= len(got)-i; skip++ {
				if match(want[i+1:], got[i+skip:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || strings.TrimRight(w, " ") != got[i] {
			return false
		}
	}
	return len(want) == len(got)
}
