using System.Diagnostics;
using System.Globalization;
using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Transport;

/// <summary>The machine's own ssh exchanges keys with us, in every way that both can, and understands what we then say.</summary>
internal sealed class OpenSshClientTests
{
    // What the ssh of Debian 12 does not have yet: OpenSSH 9.9 was the first that did.
    private const string NewerThanDebian = "mlkem768x25519-sha256";

    private static readonly Algorithms Default = Algorithms.ForClients(["ssh-ed25519"]);

    private static IEnumerable<TestCaseData> Ways()
    {
        foreach (string exchange in Default.KeyExchanges.Where(k => k != NewerThanDebian))
        {
            yield return new TestCaseData($"-oKexAlgorithms={exchange}", exchange);
        }

        foreach (string cipher in Default.Ciphers)
        {
            yield return new TestCaseData($"-oCiphers={cipher}", cipher);
        }

        foreach (string mac in Default.Macs)
        {
            yield return new TestCaseData($"-oCiphers=aes128-ctr -oMACs={mac}", mac);
        }
    }

    [TestCaseSource(nameof(Ways))]
    public async Task It_understands_us(string options, string agreed)
    {
        (string heard, bool isStrict) = await ConnectAsync(options);

        Assert.That(heard, Does.Contain(agreed).And.Contain("Authentications that can continue: password").And.Contain("server-sig-algs"));
        Assert.That(isStrict, Is.EqualTo(heard.Contains("will use strict KEX ordering", StringComparison.Ordinal)));
    }

    /// <summary>Lets ssh in as far as to the question who it is.</summary>
    private static async Task<(string Heard, bool IsStrict)> ConnectAsync(string options)
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        using var hostKey = SshPrivateKey.Generate();
        int port = ((IPEndPoint)pair.Listener.LocalEndPoint).Port;
        Task<Core.Transport.Connection> accepted = pair.AcceptAsync();
        using Process ssh = Process.Start(new ProcessStartInfo("ssh", [
            "-vvv", "-F", "/dev/null", "-p", port.ToString(CultureInfo.InvariantCulture), "-oBatchMode=yes", "-oPreferredAuthentications=none,password",
            "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null",
            .. options.Split(' '), "nobody@127.0.0.1", "true"])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        ssh.StandardInput.Close();
        Task<string> heard = ssh.StandardError.ReadToEndAsync();
        Core.Transport.Connection connection = await accepted;
        bool isStrict = false;
        await pair.OnLoopAsync(async () =>
        {
            using var transport = SshTransport.ToClient(connection, new HostKeys([hostKey]));
            Assert.That(await transport.OpenAsync(), Is.True);
            isStrict = transport.IsStrict;
            while (await transport.ReadAsync())
            {
                using var answer = new SshWriter();
                if (transport.Kind == SshMessage.SSH_MSG_SERVICE_REQUEST)
                {
                    answer.Byte((byte)SshMessage.SSH_MSG_SERVICE_ACCEPT).String("ssh-userauth");
                }
                else
                {
                    answer.Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("password").Boolean(false);
                }

                transport.Send(answer.WrittenSpan);
            }
        });
        await ssh.WaitForExitAsync();
        return (await heard, isStrict);
    }
}
