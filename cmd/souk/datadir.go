package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/token"
)

// keysDir is where a shop on a laptop keeps what nobody else may read.
const keysDir = "keys"

// dataDir is the folder of one shop, held by one souk at a time.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the folder when it is new and keeps others out of it.
func openDataDir(path string) (*dataDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Others may pass through it: the database runs as an unprivileged user.
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, unwritable(path, err)
	}
	if err := os.MkdirAll(filepath.Join(path, keysDir), 0o700); err != nil {
		return nil, unwritable(path, err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("another souk dev is using %s; stop it, or choose another folder with --data-dir", path)
	}
	return &dataDir{path, lock}, nil
}

func unwritable(path string, err error) error {
	return fmt.Errorf("the data directory %s cannot be written to; choose another with --data-dir (%w)", path, err)
}

func (d *dataDir) close() { d.lock.Close() }

func (d *dataDir) in(name string) string { return filepath.Join(d.path, name) }

// secret returns what is kept under a name, made on first use.
func (d *dataDir) secret(name string, fresh func() string) (config.Secret, error) {
	file := d.in(filepath.Join(keysDir, name))
	text, err := os.ReadFile(file)
	if err == nil {
		return config.NewSecret(strings.TrimSpace(string(text))), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return config.Secret{}, err
	}
	value := fresh()
	// Written whole or not at all: a crash must not leave half a key.
	half := file + ".new"
	if err := os.WriteFile(half, []byte(value+"\n"), 0o600); err != nil {
		return config.Secret{}, unwritable(d.path, err)
	}
	return config.NewSecret(value), os.Rename(half, file)
}

// keys are a shop's secrets.
type keys struct {
	service, account, sandbox, webhook, admin, database config.Secret
}

func (d *dataDir) keys() (k keys, err error) {
	for _, one := range []struct {
		into  *config.Secret
		name  string
		fresh func() string
	}{
		{&k.service, "service", token.NewSeed}, {&k.account, "account", token.NewSeed},
		{&k.sandbox, "sandbox", password}, {&k.webhook, "webhook", password}, {&k.admin, "admin-password", password}, {&k.database, "database", password},
	} {
		if *one.into, err = d.secret(one.name, one.fresh); err != nil {
			return k, err
		}
	}
	return k, nil
}

// password has 120 random bits.
func password() string {
	raw := make([]byte, 15)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}
