using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Sessions;

public class CallerTests
{
    private static readonly Identity Alice = SessionHouse.Placeholder().Identity;

    private static TargetConfig Orders => SessionHouse.Config.Targets["orders"];

    [Test]
    public void A_placeholder_is_for_its_targets_and_a_key_for_whatever_grants_give()
    {
        Caller bound = Caller.Of(SessionHouse.Placeholder(targets: "billing")), free = Caller.Of(Alice, new Key(true));

        Assert.That((bound.IsFor(Orders), free.IsFor(Orders)), Is.EqualTo((false, true)));
        Assert.That(AccessChoice.Of(SessionHouse.Config, free, Orders), Is.Not.Null);
        Assert.That(Caller.Of(SessionHouse.Placeholder() with { Targets = [] }).IsFor(Orders), Is.False, "no targets are none");
    }

    [Test]
    public void A_key_that_a_config_does_not_take_reaches_nothing_under_it()
    {
        Caller caller = Caller.Of(Alice, new Key(false));
        Access access = AccessChoice.Of(SessionHouse.Config, Caller.Of(Alice, new Key(true)), Orders)!;

        Assert.That(AccessChoice.Of(SessionHouse.Config, caller, Orders), Is.Null);
        Assert.That(AccessChoice.StillStands(SessionHouse.Config, caller, access, null, false), Is.False);
    }

    [Test]
    public async Task A_key_takes_no_use_and_counts_for_its_identity()
    {
        var admission = new Admission(TimeProvider.System);
        var authorization = new ClientAuthorization(new NoStore(), admission);
        using var session = new Session(SessionHouse.Config.Listeners[0], () => SessionHouse.Config, MemoryConnection.CreatePair().Gateway, TimeProvider.System);
        admission.TryEnter(session.Listener.Name, null, session.Config.Limits, out _);

        Assert.That(await authorization.AuthorizeAsync(session, Caller.Of(Alice, new Key(true)), () => null), Is.Null);
        Assert.That(session.AdmittedIdentity, Is.EqualTo(Alice));
    }

    private sealed record Key(bool IsTaken) : CallerKey("SHA256:x", null)
    {
        public override bool StillStands(GatewayConfig config, Identity identity) => IsTaken;
    }

    private sealed class NoStore : IPlaceholderStore
    {
        public Placeholder? Find(ReadOnlySpan<byte> id) => throw new InvalidOperationException("nobody asked for a placeholder");

        public bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token) => throw new InvalidOperationException("nobody asked for a placeholder");

        public PlaceholderProof FakeProof(ReadOnlySpan<byte> id) => throw new InvalidOperationException("nobody asked for a placeholder");

        public ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("nobody asked for a placeholder");
    }
}
