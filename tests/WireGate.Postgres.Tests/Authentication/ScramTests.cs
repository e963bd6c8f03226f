using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Postgres.Authentication;

namespace WireGate.Postgres.Tests.Authentication;

/// <summary>Both roles against each other, and the server against the test vector of RFC 7677 section 3.</summary>
internal sealed class ScramTests
{
    private static readonly byte[] Salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
    private static readonly byte[] Binding = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] ClientNonce = "rOprNGfwEbeRWgbNEkqO"u8.ToArray();
    private static readonly byte[] ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"u8.ToArray();

    [Test]
    public void The_server_speaks_the_test_vector_of_RFC_7677()
    {
        var server = new ScramServer(ProofOf("pencil"), default, ServerNonce);
        byte[] first = server.First("SCRAM-SHA-256"u8, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8);
        Assert.That(
            Encoding.ASCII.GetString(first),
            Is.EqualTo("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        Assert.That(server.Final(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8,
            out byte[]? final));
        Assert.That(Encoding.ASCII.GetString(final!), Is.EqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    [TestCase(false, false, "SCRAM-SHA-256", "n,,", TestName = "Without_TLS")]
    [TestCase(false, true, "SCRAM-SHA-256", "y,,", TestName = "With_TLS_towards_an_upstream_without_PLUS")]
    [TestCase(true, true, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", TestName = "With_channel_binding")]
    public void Client_and_server_prove_themselves_to_each_other(bool plusOffered, bool clientBinds, string mechanism, string header)
    {
        var client = new ScramClient(plusOffered, clientBinds ? Binding : [], ScramText.NewNonce());
        var server = new ScramServer(ProofOf("pencil"), plusOffered ? Binding : default(ReadOnlyMemory<byte>), ScramText.NewNonce());
        Assert.That(client.Mechanism, Is.EqualTo(mechanism));
        byte[] clientFirst = client.First();
        Assert.That(Encoding.ASCII.GetString(clientFirst), Does.StartWith(header));
        ScramChallenge challenge = client.ReadServerFirst(server.First(Encoding.ASCII.GetBytes(client.Mechanism), clientFirst));
        Assert.That(challenge.Salt.ToArray(), Is.EqualTo(Salt));
        using ScramKeys keys = ScramKeys.Derive("pencil"u8, challenge);
        Assert.That(server.Final(client.Final(keys), out byte[]? serverFinal));
        Assert.That(client.IsComplete, Is.False);
        Assert.That(client.ReadServerFinal(serverFinal));
        Assert.That(client.IsComplete);
    }

    [Test]
    public void A_wrong_secret_is_no_error_of_protocol_and_gets_no_signature()
    {
        var client = new ScramClient(false, [], ClientNonce);
        var server = new ScramServer(ProofOf("pencil"), default, ServerNonce);
        ScramChallenge challenge = client.ReadServerFirst(server.First("SCRAM-SHA-256"u8, client.First()));
        using ScramKeys keys = ScramKeys.Derive("pencil "u8, challenge);
        Assert.That(server.Final(client.Final(keys), out byte[]? final), Is.False);
        Assert.That(final, Is.Null);
    }

    [Test]
    public void Channel_binding_to_another_certificate_is_refused()
    {
        var client = new ScramClient(true, new byte[32], ClientNonce);
        var server = new ScramServer(ProofOf("pencil"), Binding, ServerNonce);
        ScramChallenge challenge = client.ReadServerFirst(server.First("SCRAM-SHA-256-PLUS"u8, client.First()));
        using ScramKeys keys = ScramKeys.Derive("pencil"u8, challenge);
        byte[] final = client.Final(keys);
        Refuses(Peer.Client, () => server.Final(final, out _));
    }

    [Test]
    public void PLUS_is_offered_first_and_only_with_a_binding()
    {
        Assert.That(ScramServer.Mechanisms(true).ToArray(), Is.EqualTo(new[] { "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256" }));
        Assert.That(ScramServer.Mechanisms(false).ToArray(), Is.EqualTo(new[] { "SCRAM-SHA-256" }));
    }

    [TestCase("SCRAM-SHA-256", "y,,n=,r=abc", TestName = "Refuses_a_client_from_whom_PLUS_was_hidden")]
    [TestCase("SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=abc", TestName = "Refuses_a_binding_without_PLUS")]
    [TestCase("SCRAM-SHA-256-PLUS", "n,,n=,r=abc", TestName = "Refuses_PLUS_without_a_binding")]
    [TestCase("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=,r=abc", TestName = "Refuses_a_binding_of_another_type")]
    [TestCase("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=,r=abc", TestName = "Refuses_a_binding_of_yet_another_type")]
    [TestCase("SCRAM-SHA-1", "n,,n=,r=abc", TestName = "Refuses_a_mechanism_that_was_not_offered")]
    [TestCase("", "n,,n=,r=abc", TestName = "Refuses_no_mechanism")]
    [TestCase("SCRAM-SHA-256", "", TestName = "Refuses_nothing")]
    [TestCase("SCRAM-SHA-256", "n", TestName = "Refuses_a_flag_alone")]
    [TestCase("SCRAM-SHA-256", "n,,", TestName = "Refuses_a_header_alone")]
    [TestCase("SCRAM-SHA-256", "x,,n=,r=abc", TestName = "Refuses_an_unknown_flag")]
    [TestCase("SCRAM-SHA-256", "n,a=root,n=,r=abc", TestName = "Refuses_an_authorization_identity")]
    [TestCase("SCRAM-SHA-256", "n,,m=x,n=,r=abc", TestName = "Refuses_a_mandatory_extension")]
    [TestCase("SCRAM-SHA-256", "n,,n=", TestName = "Refuses_no_nonce")]
    [TestCase("SCRAM-SHA-256", "n,,n=,r=", TestName = "Refuses_an_empty_nonce")]
    [TestCase("SCRAM-SHA-256", "n,,n=,r=a\0b", TestName = "Refuses_a_nonce_with_NUL")]
    [TestCase("SCRAM-SHA-256", "n,,n=,r=abc,", TestName = "Refuses_a_comma_at_the_end")]
    [TestCase("SCRAM-SHA-256", "n,,n=,r=abc,,", TestName = "Refuses_an_empty_attribute")]
    [TestCase("SCRAM-SHA-256", "n,,n=,r=abc,1=x", TestName = "Refuses_an_attribute_that_is_no_letter")]
    public void Refuses_a_malformed_client_first(string mechanism, string message)
    {
        var server = new ScramServer(ProofOf("pencil"), Binding, ServerNonce);
        Refuses(Peer.Client, () => server.First(Encoding.ASCII.GetBytes(mechanism), Encoding.ASCII.GetBytes(message)));
        Assert.That(() => server.First("SCRAM-SHA-256"u8, "n,,n=,r=abc"u8), Throws.InvalidOperationException, "no second try");
    }

    [Test]
    public void Refuses_PLUS_where_it_was_not_offered() => Refuses(
        Peer.Client,
        () => new ScramServer(ProofOf("pencil"), default, ServerNonce).First("SCRAM-SHA-256-PLUS"u8, "p=tls-server-end-point,,n=,r=a"u8));

    [TestCase(513)]
    [TestCase(2_000_000)]
    public void Refuses_a_nonce_that_is_too_long(int length)
    {
        byte[] message = Encoding.ASCII.GetBytes("n,,n=,r=" + new string('x', length));
        Refuses(Peer.Client, () => new ScramServer(ProofOf("pencil"), default, ServerNonce).First("SCRAM-SHA-256"u8, message));
    }

    [TestCase("")]
    [TestCase("c=biws")]
    [TestCase("c=biws,r=abcNONCE")]
    [TestCase("c=biws,r=abcNONCE,")]
    [TestCase("c=biws,r=abcNONCE,p=")]
    [TestCase("c=biws,r=abcNONCE,p=AAAA")]
    [TestCase("c=biws,r=abcNONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*")]
    [TestCase("c=biws,r=abcNONCE,p= AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [TestCase("c=biws,r=abcNONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x=y")]
    [TestCase("c=biws,r=abcNONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x=y")]
    [TestCase("c=eSws,r=abcNONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [TestCase("c=biws,r=abc,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [TestCase("c=biws,r=abcNONCEx,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [TestCase("r=abcNONCE,c=biws,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [TestCase("p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void Refuses_a_malformed_client_final(string message)
    {
        var server = new ScramServer(ProofOf("pencil"), default, "NONCE"u8.ToArray());
        server.First("SCRAM-SHA-256"u8, "n,,n=,r=abc"u8);
        Refuses(Peer.Client, () => server.Final(Encoding.ASCII.GetBytes(message), out _));
    }

    [Test]
    public void A_final_without_a_first_is_our_fault() => Assert.That(
        () => new ScramServer(ProofOf("pencil"), default, ServerNonce).Final("c=biws"u8, out _), Throws.InvalidOperationException);

    [TestCase("r=NONCEx,s=AAAA,i=0")]
    [TestCase("r=NONCEx,s=AAAA,i=-1")]
    [TestCase("r=NONCEx,s=AAAA,i=+1")]
    [TestCase("r=NONCEx,s=AAAA,i=01")]
    [TestCase("r=NONCEx,s=AAAA,i=100001")]
    [TestCase("r=NONCEx,s=AAAA,i=4095")]
    [TestCase("r=NONCEx,s=AAAA,i=1")]
    [TestCase("r=NONCEx,s=AAAA,i=10000000")]
    [TestCase("r=NONCEx,s=AAAA,i=99999999999999999999")]
    [TestCase("r=NONCEx,s=AAAA,i=1e3")]
    [TestCase("r=NONCEx,s=AAAA,i=")]
    [TestCase("r=NONCEx,s=AAAA")]
    [TestCase("r=NONCEx,s=,i=4096")]
    [TestCase("r=NONCEx,s=A,i=4096")]
    [TestCase("r=NONCEx,s=AA AA,i=4096")]
    [TestCase("r=NONCE,s=AAAA,i=4096", TestName = "Refuses_a_server_nonce_that_adds_nothing")]
    [TestCase("r=OTHERx,s=AAAA,i=4096", TestName = "Refuses_a_server_nonce_that_is_not_ours")]
    [TestCase("m=x,r=NONCEx,s=AAAA,i=4096")]
    [TestCase("e=other-error")]
    [TestCase("")]
    public void Refuses_a_malformed_server_first(string message)
    {
        var client = new ScramClient(false, [], "NONCE"u8.ToArray());
        client.First();
        Refuses(Peer.Upstream, () => client.ReadServerFirst(Encoding.ASCII.GetBytes(message)));
        Assert.That(client.IsComplete, Is.False);
    }

    [Test]
    public void Refuses_a_server_nonce_or_salt_that_is_too_long()
    {
        Refuses(Peer.Upstream, () => Started().ReadServerFirst(Encoding.ASCII.GetBytes($"r=NONCE{new string('x', 600)},s=AAAA,i=4096")));
        string salt = Convert.ToBase64String(new byte[257]);
        Refuses(Peer.Upstream, () => Started().ReadServerFirst(Encoding.ASCII.GetBytes($"r=NONCEx,s={salt},i=4096")));
    }

    [Test]
    public void Takes_the_highest_iteration_count() =>
        Assert.That(Started().ReadServerFirst("r=NONCEx,s=AAAA,i=100000,x=later"u8).Iterations, Is.EqualTo(100_000));

    [TestCase("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", TestName = "Refuses_a_server_that_does_not_know_the_password")]
    [TestCase("v=AAAA", TestName = "Refuses_a_short_signature")]
    [TestCase("", TestName = "Refuses_no_signature")]
    [TestCase("x=y", TestName = "Refuses_another_attribute")]
    public void Refuses_a_bad_server_final(string message)
    {
        ScramClient client = Finished();
        Refuses(Peer.Upstream, () => client.ReadServerFinal(Encoding.ASCII.GetBytes(message)));
        Assert.That(client.IsComplete, Is.False);
    }

    [Test]
    public void An_error_of_the_server_is_a_value()
    {
        ScramClient client = Finished();
        Assert.That(client.ReadServerFinal("e=invalid-proof"u8), Is.False);
        Assert.That(client.IsComplete, Is.False);
    }

    [Test]
    public void Takes_no_iteration_count_below_that_of_PostgreSQL()
    {
        Assert.That(Started().ReadServerFirst("r=NONCEx,s=AAAA,i=4096"u8).Iterations, Is.EqualTo(4096));
        Assert.That(
            () => Started().ReadServerFirst("r=NONCEx,s=AAAA,i=4095"u8),
            Throws.TypeOf<ProtocolException>().With.Message.Contains("below 4096"));
    }

    [Test]
    public void A_step_of_ours_that_is_done_twice_is_our_fault() =>
        Assert.That(() => Started().First(), Throws.InvalidOperationException);

    [Test]
    public void A_message_out_of_order_is_the_upstreams_fault_and_ends_the_exchange()
    {
        Refuses(Peer.Upstream, () => Started().ReadServerFinal("v="u8));
        ScramClient twice = Finished();
        Refuses(Peer.Upstream, () => twice.ReadServerFirst("r=NONCEx,s=AAAA,i=4096"u8));
        Refuses(Peer.Upstream, () => twice.ReadServerFinal("e=other-error"u8));
    }

    internal static PlaceholderProof ProofOf(string password)
    {
        byte[] salted = new byte[32];
        byte[] clientKey = new byte[32];
        byte[] storedKey = new byte[32];
        byte[] serverKey = new byte[32];
        ScramSha256.SaltedPassword(Encoding.ASCII.GetBytes(password), Salt, 4096, salted);
        ScramSha256.ClientKey(salted, clientKey);
        ScramSha256.StoredKey(clientKey, storedKey);
        ScramSha256.ServerKey(salted, serverKey);
        return new PlaceholderProof(new byte[32], Salt, 4096, storedKey, serverKey);
    }

    private static ScramClient Started()
    {
        var client = new ScramClient(false, [], "NONCE"u8.ToArray());
        client.First();
        return client;
    }

    private static ScramClient Finished()
    {
        ScramClient client = Started();
        using ScramKeys keys = ScramKeys.Derive("pencil"u8, client.ReadServerFirst("r=NONCEx,s=AAAA,i=4096"u8));
        client.Final(keys);
        return client;
    }

    private static void Refuses(Peer peer, TestDelegate act) =>
        Assert.That(act, Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(peer));
}
