// Command generate writes the recorded listings of the API.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/mqttwire/mqttwire/internal/api"
)

//go:generate go run .

func main() {
	const root = "../../.."
	for _, folder := range api.Packages {
		text, err := api.Text(root, folder)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, api.File(folder)), []byte(text), 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
