using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>T30: what no target may be, however it is written.</summary>
public class RefusedAddressesTests
{
    [TestCase("169.254.169.254")]
    [TestCase("169.254.0.1")]
    [TestCase("100.100.100.200")]
    [TestCase("168.63.129.16")]
    [TestCase("192.0.0.192")]
    [TestCase("2852039166")]
    [TestCase("0xa9fea9fe")]
    [TestCase("0251.0376.0251.0376")]
    [TestCase("169.254.43518")]
    [TestCase("fe80::1")]
    [TestCase("fe80::1%1")]
    [TestCase("febf::1")]
    [TestCase("fd00:ec2::254")]
    [TestCase("fd20:ce::254")]
    [TestCase("::ffff:169.254.169.254")]
    [TestCase("::ffff:a9fe:a9fe")]
    [TestCase("::169.254.169.254")]
    [TestCase("::ffff:0:169.254.169.254")]
    [TestCase("64:ff9b::169.254.169.254")]
    [TestCase("64:ff9b:1::169.254.169.254")]
    [TestCase("64:ff9b:1:a9fe:a9:fe00::")]
    [TestCase("2002:a9fe:a9fe::1")]
    [TestCase("2001:0:1:2:3:4:5601:5601")]
    [TestCase("2001:db8::5efe:a9fe:a9fe")]
    [TestCase("2001:db8::200:5efe:a9fe:a9fe")]
    public void T30_Is_refused(string address) => Assert.That(RefusedAddresses.Contains(IPAddress.Parse(address)));

    [TestCase("127.0.0.1")]
    [TestCase("10.0.0.5")]
    [TestCase("169.253.169.254")]
    [TestCase("168.254.169.254")]
    [TestCase("::1")]
    [TestCase("::")]
    [TestCase("fd00::1")]
    [TestCase("fec0::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("64:ff9b::8.8.8.8")]
    [TestCase("2002:808:808::a9fe:a9fe")]
    [TestCase("2001:db8::a9fe:a9fe")]
    public void T30_Is_not(string address) => Assert.That(RefusedAddresses.Contains(IPAddress.Parse(address)), Is.False);

    [TestCase("127.0.0.1")]
    [TestCase("127.0.1.1")]
    [TestCase("127.255.255.254")]
    [TestCase("2130706433")]
    [TestCase("0x7f.1")]
    [TestCase("0177.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("0.1.2.3")]
    [TestCase("::")]
    [TestCase("::1")]
    [TestCase("::1%1")]
    [TestCase("::127.0.0.1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::ffff:7f00:1")]
    [TestCase("::ffff:0.0.0.0")]
    [TestCase("::ffff:0:127.0.0.1")]
    [TestCase("64:ff9b::127.0.0.1")]
    [TestCase("2002:7f00:1::1")]
    public void T30_Is_this_machine_itself(string address) => Assert.That(RefusedAddresses.IsLoopback(IPAddress.Parse(address)));

    [TestCase("10.0.0.5")]
    [TestCase("126.255.255.255")]
    [TestCase("128.0.0.1")]
    [TestCase("fd00::1")]
    [TestCase("2001:db8::1")]
    [TestCase("::ffff:10.0.0.127")]
    [TestCase("64:ff9b::8.8.8.8")]
    [TestCase("64:ff9b:1::8.8.8.8")]
    [TestCase("64:ff9b:1:808:8:800::")]
    public void T30_Is_not_this_machine(string address) => Assert.That(RefusedAddresses.IsLoopback(IPAddress.Parse(address)), Is.False);

    [Test]
    public void T30_What_is_refused_of_an_answer_is_left_out_and_the_rest_is_dialled()
    {
        IPAddress[] found = [.. ((string[])["127.0.0.1", "10.0.0.5", "::1", "169.254.169.254", "10.0.0.6"]).Select(IPAddress.Parse)];

        Assert.That(Left(new DnsEndPoint("db.internal", 80)), Is.EqualTo((string[])["10.0.0.5", "10.0.0.6"]));
        Assert.That(Left(new LoopbackName("db.internal", 80)), Is.EqualTo((string[])["127.0.0.1", "10.0.0.5", "::1", "10.0.0.6"]));
        Assert.That(Left(new DnsEndPoint("LocalHost", 80)), Is.EqualTo((string[])["127.0.0.1", "10.0.0.5", "::1", "10.0.0.6"]));
        IEnumerable<string> Left(DnsEndPoint name) => RefusedAddresses.LeaveOut(name, found).Select(a => a.ToString());
    }

    [Test]
    public async Task T30_This_machine_is_dialled_by_a_name_of_which_that_was_said_and_by_no_other([Values] TransportKind kind)
    {
        await using EventLoopTransport transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        Task DialAsync(EndPoint address) => LoopbackPair.OnLoopAsync(
            transport.Loops[0], async () => await (await transport.Loops[0].ConnectAsync(address, CancellationToken.None)).DisposeAsync());

        foreach (string name in (string[])["127.0.0.1", "2130706433", "::ffff:127.0.0.1"])
        {
            Assert.That(() => DialAsync(new DnsEndPoint(name, port)), Throws.InstanceOf<IOException>().With.Message.Contains("this machine itself").And.Message.Contains("loopback: true"));
        }

        Assert.That(listener.Poll(0, SelectMode.SelectRead), Is.False);
        await DialAsync(new LoopbackName("127.0.0.1", port));
        await DialAsync(LoopbackPair.Parse($"127.0.0.1:{port}").ToEndPoint());
        await DialAsync(LoopbackPair.Parse($"localhost:{port}").ToEndPoint());
    }

    [Test]
    public void T30_Only_an_address_that_may_be_this_machine_says_so_when_it_is_dialled()
    {
        Address name = LoopbackPair.Parse("db.internal:80");

        Assert.That(name.ToEndPoint(), Is.TypeOf<DnsEndPoint>());
        Assert.That((name with { MayBeLoopback = true }).ToEndPoint(), Is.TypeOf<LoopbackName>());
    }

    [TestCase(TransportKind.Epoll, "169.254.169.254")]
    [TestCase(TransportKind.Streams, "169.254.169.254")]
    [TestCase(TransportKind.Epoll, "2852039166")]
    [TestCase(TransportKind.Streams, "2852039166")]
    [TestCase(TransportKind.Epoll, "::ffff:169.254.169.254")]
    [TestCase(TransportKind.Streams, "::ffff:169.254.169.254")]
    public async Task T30_Nothing_is_dialled_there_by_address_nor_by_name(TransportKind kind, string host)
    {
        await using EventLoopTransport transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        foreach (EndPoint address in (EndPoint[])[new IPEndPoint(IPAddress.Parse(host), 80), new DnsEndPoint(host, 80, AddressFamily.Unspecified)])
        {
            Assert.That(
                async () => await LoopbackPair.OnLoopAsync(transport.Loops[0], async () => await transport.Loops[0].ConnectAsync(address, CancellationToken.None)),
                Throws.InstanceOf<IOException>().With.Message.Contains("link-local"));
        }
    }
}
