using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Programs on the upstream that draw on the client's screen, where a rule lets them: ssh -Y, sshd with xauth, and a screen that tests play.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class SshX11Tests(bool isAllowed)
{
    private static readonly string Rules = """
            - { name: programs, match: { target: web-1, exec: [{ argv: [python3, "**"] }] }, do: allow }
            - { name: screens, match: { target: web-1, forward: [x11] }, do: allow }

        """;

    private string _xauth = null!;
    private string _directory = null!;
    private SshHost _host = null!;
    private SshGateway _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _directory = Places.Temporary("x11");

        // The account's own cookies are not to be touched.
        _xauth = Path.Combine(_directory, "xauth");
        PrivateFile.Write(_xauth, $"#!/bin/sh\nexec /usr/bin/xauth -f {_directory}/cookies \"$@\"\n");
        File.SetUnixFileMode(_xauth, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _host = await SshHost.StartAsync($"XAuthLocation {_xauth}");
        _gateway = await SshGateway.StartAsync(_host, isAllowed ? Rules : Rules.Split('\n')[0] + "\n");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task A_program_draws_on_the_clients_screen_where_a_rule_lets_it()
    {
        using TcpListener screen = Listen(out int display);
        Task<int> drawn = DrawnAsync(screen);
        SshEndpoint endpoint = _gateway.Through(await _gateway.MintAsync());
        Dictionary<string, string> environment = endpoint.Environment;
        environment["DISPLAY"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{display}.0");

        ToolResult result = await Tools.RunAsync(
            "/usr/bin/ssh", ["-F", endpoint.ConfigPath, "-Y", "gate", $"python3 {Places.Clients}/x11_program.py {_directory}/cookies"], environment);

        if (isAllowed)
        {
            Assert.That(result.Succeeded().Output, Is.EqualTo("welcome\ndrawn\n"));
            Assert.That(await drawn, Is.EqualTo(16 * 65536));
        }
        else
        {
            Assert.That(result.ExitCode, Is.Not.Zero);
            Assert.That(result.Error, Does.Contain("X11 forwarding request failed on channel 0").And.Contain("KeyError: 'DISPLAY'"));
            Assert.That(drawn.IsCompleted, Is.False);
            Assert.That(await _gateway.AuditAsync(), Does.Match("\"verdict\":\"deny\".*\"x11\""));
        }
    }

    /// <summary>One whose port is that of a display.</summary>
    private static TcpListener Listen(out int display)
    {
        while (true)
        {
            int port = Ports.Free();
            display = port - 6000;
            if (display >= 0)
            {
                var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return listener;
            }
        }
    }

    /// <summary>Takes the first words of one program, and gives back whatever it draws.</summary>
    /// <returns>How many bytes that were.</returns>
    private static async Task<int> DrawnAsync(TcpListener screen)
    {
        using TcpClient program = await screen.AcceptTcpClientAsync();
        NetworkStream stream = program.GetStream();
        await stream.ReadExactlyAsync(new byte[12 + 20 + 16]);
        await stream.WriteAsync("welcome\n"u8.ToArray());
        int all = 0;
        byte[] buffer = new byte[65536];
        for (int count; (count = await stream.ReadAsync(buffer)) > 0; all += count)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count));
        }

        return all;
    }
}
