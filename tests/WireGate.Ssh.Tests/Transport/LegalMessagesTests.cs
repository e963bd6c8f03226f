using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Tests.Transport;

/// <summary>Every number of a message, in every phase, from either side: what is not in this list may not come.</summary>
internal sealed class LegalMessagesTests
{
    [TestCase(nameof(Phase.Version), nameof(Peer.Client), "")]
    [TestCase(nameof(Phase.Version), nameof(Peer.Upstream), "")]
    [TestCase(nameof(Phase.FirstKexInit), nameof(Peer.Client), "1 2 3 4 20")]
    [TestCase(nameof(Phase.FirstKexInit), nameof(Peer.Upstream), "1 2 3 4 20")]
    [TestCase(nameof(Phase.StrictExchange), nameof(Peer.Client), "1 30")]
    [TestCase(nameof(Phase.StrictExchange), nameof(Peer.Upstream), "1 31")]
    [TestCase(nameof(Phase.StrictNewKeys), nameof(Peer.Client), "1 21")]
    [TestCase(nameof(Phase.StrictNewKeys), nameof(Peer.Upstream), "1 21")]
    [TestCase(nameof(Phase.Exchange), nameof(Peer.Client), "1 2 3 4 30")]
    [TestCase(nameof(Phase.Exchange), nameof(Peer.Upstream), "1 2 3 4 31")]
    [TestCase(nameof(Phase.NewKeys), nameof(Peer.Client), "1 2 3 4 21")]
    [TestCase(nameof(Phase.NewKeys), nameof(Peer.Upstream), "1 2 3 4 21")]
    [TestCase(nameof(Phase.Rekey), nameof(Peer.Client), "1 2 3 4 30 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    [TestCase(nameof(Phase.Rekey), nameof(Peer.Upstream), "1 2 3 4 31 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    [TestCase(nameof(Phase.RekeyNewKeys), nameof(Peer.Client), "1 2 3 4 21 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    [TestCase(nameof(Phase.RekeyNewKeys), nameof(Peer.Upstream), "1 2 3 4 21 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    [TestCase(nameof(Phase.WrongGuess), nameof(Peer.Client), "1 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49")]
    [TestCase(nameof(Phase.WrongGuess), nameof(Peer.Upstream), "1 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49")]
    [TestCase(nameof(Phase.Service), nameof(Peer.Client), "1 2 3 4 5 7 8 9 10 11 12 13 14 15 16 17 18 19 192 193")]
    [TestCase(nameof(Phase.Service), nameof(Peer.Upstream), "1 2 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 192 193")]
    [TestCase(nameof(Phase.Authentication), nameof(Peer.Client), "1 2 3 4 8 9 10 11 12 13 14 15 16 17 18 19 50 61 192 193")]
    [TestCase(nameof(Phase.Authentication), nameof(Peer.Upstream), "1 2 3 4 7 8 9 10 11 12 13 14 15 16 17 18 19 51 52 53 60 192 193")]
    [TestCase(nameof(Phase.Connection), nameof(Peer.Client), "1 2 3 4 8 9 10 11 12 13 14 15 16 17 18 19 20 50 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    [TestCase(nameof(Phase.Connection), nameof(Peer.Upstream), "1 2 3 4 8 9 10 11 12 13 14 15 16 17 18 19 20 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193")]
    public void Nothing_else_may_come(string phase, string sender, string legal)
    {
        IEnumerable<int> found = Enumerable.Range(0, 256).Where(kind => LegalMessages.Has(Enum.Parse<Phase>(phase), Enum.Parse<Peer>(sender), (SshMessage)kind));

        Assert.That(string.Join(' ', found), Is.EqualTo(legal));
    }

    [Test]
    public void Every_phase_is_in_the_list() =>
        Assert.That(
            typeof(LegalMessagesTests).GetMethod(nameof(Nothing_else_may_come))!.GetCustomAttributes(typeof(TestCaseAttribute), false)
                .Select(row => ((TestCaseAttribute)row).Arguments[0]).Distinct(),
            Is.EqualTo(Enum.GetNames<Phase>()));

    [TestCase(SshMessage.SSH_MSG_USERAUTH_SUCCESS, "before the login")]
    [TestCase(SshMessage.SSH_MSG_CHANNEL_OPEN, "before the login")]
    [TestCase(SshMessage.SSH_MSG_USERAUTH_REQUEST, "before the login")]
    [TestCase(SshMessage.SSH_MSG_KEXINIT, "before the login")]
    [TestCase(SshMessage.SSH_MSG_CHANNEL_OPEN, "within the login", true)]
    [TestCase(SshMessage.SSH_MSG_SERVICE_REQUEST, "within the login", true)]
    [TestCase(SshMessage.SSH_MSG_USERAUTH_SUCCESS, "within the login", true)]
    [TestCase((SshMessage)0, "within the login", true)]
    public async Task What_may_not_come_yet_ends_the_connection(SshMessage kind, string when, bool hasService = false)
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            if (hasService)
            {
                pair.Server.Send([(byte)SshMessage.SSH_MSG_SERVICE_ACCEPT]);
                await pair.Server.FlushAsync();
            }

            pair.Client.Send([(byte)kind]);
            await pair.Client.FlushAsync();
            string? said = null;
            try
            {
                await pair.Server.ReadAsync();
            }
            catch (ProtocolException e) when (e.Peer == Peer.Client)
            {
                said = e.Message;
            }

            Assert.That(said, Is.EqualTo($"a message that may not come {when}"));
        });
    }
}
