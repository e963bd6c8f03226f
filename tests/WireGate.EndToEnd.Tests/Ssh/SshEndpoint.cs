using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>How a client reaches a target: a config for OpenSSH's programs, in which it is the host <c>gate</c>, and a program that says the placeholder.</summary>
internal sealed record SshEndpoint
{
    private readonly string _askPass;

    public SshEndpoint(string directory, int port, string user, string password, string knownHosts)
    {
        (Port, User, Password, KnownHosts) = (port, user, password, knownHosts);
        string id = Guid.NewGuid().ToString("n");
        ConfigPath = Path.Combine(directory, $"{id}.ssh_config");
        _askPass = Path.Combine(directory, $"{id}.askpass");
        PrivateFile.Write(_askPass, $"#!/bin/sh\nprintf '%s\\n' '{password}'\n");
        File.SetUnixFileMode(_askPass, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        PrivateFile.Write(ConfigPath, $"""
            Host gate
              HostName 127.0.0.1
              Port {port.ToString(CultureInfo.InvariantCulture)}
              User {user}
              UserKnownHostsFile {knownHosts}
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              PubkeyAuthentication no
              NumberOfPasswordPrompts 1
              ControlPath {directory}/{id[..8]}.mux

            """);
    }

    public string ConfigPath { get; }

    public int Port { get; }

    public string User { get; }

    public string Password { get; }

    public string KnownHosts { get; }

    /// <summary>What OpenSSH's programs need to be told the placeholder without a terminal.</summary>
    public Dictionary<string, string> Environment => new() { ["SSH_ASKPASS"] = _askPass, ["SSH_ASKPASS_REQUIRE"] = "force", ["LANG"] = "C.UTF-8" };

    /// <summary>Runs ssh to its end.</summary>
    public Task<ToolResult> SshAsync(IReadOnlyList<string> arguments, string input = "") =>
        Tools.RunAsync("/usr/bin/ssh", ["-F", ConfigPath, .. arguments], Environment, input);

    /// <summary>Runs a command, without a terminal and without input.</summary>
    public Task<ToolResult> ExecAsync(string command) => SshAsync(["gate", command]);

    /// <summary>Starts ssh and lets it run.</summary>
    public RunningProcess Start(params string[] arguments) => RunningProcess.Start("/usr/bin/ssh", ["-F", ConfigPath, .. arguments], Environment);
}
