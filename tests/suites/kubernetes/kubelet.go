// What an API server asks of the machine of a pod: programs run on this one, in a folder of each pod's own, and ports are this one's.
// Exec, attach and port-forward are served by Kubernetes' own code, of the same source as the API server.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/kubernetes/pkg/kubelet/cri/streaming/portforward"
	streams "k8s.io/kubernetes/pkg/kubelet/cri/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

const idle, creation = time.Hour, 30 * time.Second

type machine struct{ folder string }

func (m machine) ExecInContainer(name string, _ types.UID, _ string, argv []string, in io.Reader, out, err io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	folder := filepath.Join(m.folder, filepath.Base(name))
	if e := os.MkdirAll(folder, 0o755); e != nil {
		return e
	}
	command := exec.Command(argv[0], argv[1:]...)
	command.Dir = folder
	command.Stdout, command.Stderr = out, err
	if in != nil {
		// Not Stdin: Wait would wait for the client's end, which may never come.
		pipe, e := command.StdinPipe()
		if e != nil {
			return e
		}
		go func() { io.Copy(pipe, in); pipe.Close() }()
	}
	e := command.Run()
	if exit, ok := e.(*exec.ExitError); ok {
		return utilexec.CodeExitError{Err: exit, Code: exit.ExitCode()}
	}
	return e
}

func (m machine) AttachContainer(name string, _ types.UID, _ string, in io.Reader, out, _ io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize) error {
	fmt.Fprintf(out, "attached to %s\n", name)
	if in != nil {
		io.Copy(out, in)
	}
	return nil
}

func (m machine) PortForward(_ string, _ types.UID, port int32, stream io.ReadWriteCloser) error {
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer connection.Close()
	go func() { io.Copy(connection, stream); connection.(*net.TCPConn).CloseWrite() }()
	_, err = io.Copy(stream, connection)
	return err
}

// A log has three lines, and with follow one more every tenth of a second.
func logs(w http.ResponseWriter, r *http.Request) {
	for i := 0; i < 3 || r.FormValue("follow") == "true"; i++ {
		if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil || r.Context().Err() != nil {
			return
		}
		w.(http.Flusher).Flush()
		if i >= 2 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (m machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// /exec/NAMESPACE/POD/CONTAINER, and so on
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 3 {
		http.NotFound(w, r)
		return
	}
	pod, container := parts[2], parts[len(parts)-1]
	protocols := []string{"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"}
	switch parts[0] {
	case "containerLogs":
		logs(w, r)
	case "portForward":
		options, err := portforward.NewV4Options(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		portforward.ServePortForward(w, r, m, pod, "", options, idle, creation, portforward.SupportedProtocols)
	case "exec", "attach":
		options, err := streams.NewOptions(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		} else if parts[0] == "exec" {
			streams.ServeExec(w, r, m, pod, "", container, r.URL.Query()["command"], options, idle, creation, protocols)
		} else {
			streams.ServeAttach(w, r, m, pod, "", container, options, idle, creation, protocols)
		}
	default:
		http.NotFound(w, r)
	}
}

// kubelet ADDRESS CERTIFICATE KEY FOLDER
func main() {
	err := http.ListenAndServeTLS(os.Args[1], os.Args[2], os.Args[3], machine{os.Args[4]})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
