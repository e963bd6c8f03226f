using System.IO.Pipelines;
using NUnit.Framework;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Tests.Holding;

/// <summary>However many requests wait, what they hold together has an end.</summary>
internal sealed class HeldInProcessTests
{
    [Test]
    public async Task Bodies_beyond_what_the_process_holds_are_not_held_and_give_their_room_back()
    {
        var process = new HeldInProcess();
        var held = new List<HeldBody>();
        byte[] bytes = new byte[HeldBody.Most];
        HeldBodyEnd end;
        do
        {
            held.Add(new HeldBody(process, Of(held.Count % 5), HeldBody.Most));
            end = await held[^1].CollectAsync(new BodySource(PipeReader.Create(new(bytes)), new BodyLength(BodyKind.Counted, bytes.Length)));
        }
        while (end == HeldBodyEnd.Complete && held.Count < 1000);

        Assert.That(end, Is.EqualTo(HeldBodyEnd.NoRoom));
        Assert.That(held, Has.Count.EqualTo((HeldInProcess.Most / HeldBody.Most) + 1));
        Assert.That(process.Bytes, Is.EqualTo(HeldInProcess.Most));
        held.ForEach(h => h.Dispose());
        Assert.That(process.Bytes, Is.Zero);
    }

    [Test]
    public void One_identity_leaves_room_for_others()
    {
        var process = new HeldInProcess();
        Assert.That(process.TryTake(Of(0), (int)HeldInProcess.MostOfOne));
        Assert.That(process.TryTake(Of(0), 1), Is.False);
        Assert.That(process.TryTake(Of(1), (int)HeldInProcess.MostOfOne));
        process.Return(Of(0), 1);
        Assert.That(process.TryTake(Of(0), 1));
        Assert.That(process.Bytes, Is.EqualTo(2 * HeldInProcess.MostOfOne));
    }

    [Test]
    public void One_source_of_unproven_bodies_leaves_room_for_others()
    {
        var process = new HeldInProcess();
        var first = HeldInProcess.Unproven(System.Net.IPAddress.Parse("2001:db8::1"));
        Assert.That(process.TryTake(first, (int)HeldInProcess.MostOfSource));
        Assert.That(process.TryTake(HeldInProcess.Unproven(System.Net.IPAddress.Parse("2001:db8::2")), 1), Is.False, "the same /64");
        for (int i = 1; i < 16; i++)
        {
            Assert.That(process.TryTake(HeldInProcess.Unproven(System.Net.IPAddress.Parse($"10.0.0.{i}")), (int)HeldInProcess.MostOfSource));
        }

        Assert.That(process.TryTake(HeldInProcess.Unproven(null), 1), Is.False, "all of them together");
        Assert.That(process.TryTake(Of(0), (int)HeldInProcess.MostOfOne), "who has proven who he is");
        process.Return(first, (int)HeldInProcess.MostOfSource);
        Assert.That(process.TryTake(HeldInProcess.Unproven(null), 1));
    }

    [Test]
    public async Task A_length_that_is_promised_takes_no_room()
    {
        var process = new HeldInProcess();
        using var body = new HeldBody(process, Of(0), HeldBody.Most);
        HeldBodyEnd end = await body.CollectAsync(new BodySource(PipeReader.Create(new(new byte[10])), new BodyLength(BodyKind.Counted, HeldBody.Most)));

        Assert.That(end, Is.EqualTo(HeldBodyEnd.SourceClosed));
        Assert.That(process.Bytes, Is.LessThan(10_000));
    }

    [Test]
    public void One_client_attends_an_approval_alone_or_with_others_who_name_it()
    {
        var process = new HeldInProcess();
        Assert.That(process.TryAttend("a"));
        Assert.That(process.TryAttend("a"), Is.False);
        process.Attend("a");
        Assert.That(process.Leave("a"), Is.False);
        Assert.That(process.Leave("a"));
        Assert.That(process.TryAttend("a"));
    }

    private static Identity Of(int number) => new() { Issuer = "local", Subject = $"s{number}" };
}
