//! The cells of every record type: names in order, kind, mandatory or not, repeating or not.
//!
//! One line a record: cells after the record type, separated by blanks, each `Name`, then `=k`
//! with the kind's letter (none: text), `?` if it may be empty, `*` if it may hold several values.
//! The letters stand at [`Kind`](super::table::Kind).

/// The record types of the profiles' XML schemas. Where two schemas of one version differ in a
/// name only (FOOT, CU01), the later name.
///
/// Source: the XSDs of `ddexnet/dsrf` (Apache-2.0), namespaces `http://ddex.net/xml/dsrf/3/20161109`
/// to `20191008`; a test compares this table with them where they are at hand.
pub(super) const FROM_SCHEMAS: &[(&str, &str)] = &[
    (
        "AS01",
        "BlockId ResourceReference DspResourceId ISRC=r? Title SubTitle? DisplayArtistName \
         DisplayArtistPartyId=n? Duration=p ResourceType=a",
    ),
    (
        "AS01.01",
        "BlockId ResourceReference DspResourceId ISRC=r?* Title SubTitle? DisplayArtistName \
         DisplayArtistPartyId=n? Duration=p? ResourceType=a IsMasterRecording=b?",
    ),
    (
        "AS02",
        "BlockId ResourceReference DspResourceId ISRC=r? Title SubTitle? DisplayArtistName \
         DisplayArtistPartyId=n? Duration=p ResourceType=a ISWC=w? ComposerAuthor?* \
         ComposerAuthorPartyId=n?* Arranger?* ArrangerPartyId=n?* MusicPublisher?* \
         MusicPublisherPartyId=n?* WorkContributor?* WorkContributorPartyId=n?*",
    ),
    (
        "AS02.01",
        "BlockId ResourceReference DspResourceId ISRC=r? Title SubTitle? DisplayArtistName \
         DisplayArtistPartyId=n? Duration=p ResourceType=a ISWC=w? ComposerAuthor?* \
         ComposerAuthorPartyId=n?* Arranger?* ArrangerPartyId=n?* MusicPublisher?* \
         MusicPublisherPartyId=n?* WorkContributor?* WorkContributorPartyId=n?* \
         ProprietaryWorkId=n?",
    ),
    (
        "AS02.02",
        "BlockId ResourceReference DspResourceId ISRC=r?* Title SubTitle? DisplayArtistName \
         DisplayArtistPartyId=n? Duration=p? ResourceType=a ISWC=w? ComposerAuthor?* \
         ComposerAuthorPartyId=n?* Arranger?* ArrangerPartyId=n?* MusicPublisher?* \
         MusicPublisherPartyId=n?* WorkContributor?* WorkContributorPartyId=n?* \
         ProprietaryWorkId=n? IsMasterRecording=b?",
    ),
    (
        "AS02.03",
        "BlockId ResourceReference DspResourceId ISRC=r?* Title SubTitle? DisplayArtistName? \
         DisplayArtistPartyId=n? Duration=p? ResourceType=a ISWC=w? ComposerAuthor?* \
         ComposerAuthorPartyId=n?* Arranger?* ArrangerPartyId=n?* MusicPublisher?* \
         MusicPublisherPartyId=n?* WorkContributor?* WorkContributorPartyId=n?* \
         ProprietaryWorkId=n?* IsMasterRecording=b? DataProvider?",
    ),
    (
        "AS03",
        "BlockId ResourceReference DspResourceId ISAN? EIDR? ProprietaryId=n?* VideoType=a* \
         Title SubTitle? OriginalTitle? SeasonNumber=i? EpisodeNumber=i? Genre? Duration=p \
         ProducerName?* ProducerPartyId=n?* DirectorName* DirectorPartyId=n?* ActorName?* \
         ActorPartyId=n?* LanguageLocalizationType=a? HasCaptioning=b? HasAudioDescription=b? \
         LanguageOfPerformance=a? LanguageOfDubbing=a? DateOfProductionOrRelease=y? \
         CountryOfProduction=g?*",
    ),
    (
        "AS03.01",
        "BlockId ResourceReference DspResourceId ISAN? EIDR? ProprietaryId=n?* VideoType=a* \
         Title SubTitle? OriginalTitle? SeasonNumber=i? EpisodeNumber=i?* Genre? Duration=p \
         ProducerName?* ProducerPartyId=n?* DirectorName?* DirectorPartyId=n?* ActorName?* \
         ActorPartyId=n?* LanguageLocalizationType=a? HasCaptioning=b? HasAudioDescription=b? \
         LanguageOfPerformance=a? LanguageOfDubbing=a? ProductionOrReleaseDate=y? \
         CountryOfProduction=g?* FirstVoDBroadcastDate=y?",
    ),
    (
        "CU01",
        "BlockId CueResourceReference CueStartTime=p? CueDuration=p ReferencedCreationISRC=r? \
         ReferencedCreationISWC=w? ReferencedCreationTitle? \
         ReferencedCreationDisplayArtistName?* ReferencedCreationDisplayArtistPartyId=n?* \
         ReferencedCreationContributorName?* ReferencedCreationContributorPartyId=n?* \
         ReferencedCreationComposerAuthorName?* ReferencedCreationComposerAuthorPartyId=n?* \
         ReferencedCreationArrangerName?* ReferencedCreationArrangerPartyId=n?*",
    ),
    ("DE01", "DealSpecificCell*"),
    (
        "FOOT",
        "NumberOfLinesInFile=i NumberOfLinesInReport=i? NumberOfSummaryRecords=i \
         NumberOfBlocksInFile=i NumberOfBlocksInReport=i?",
    ),
    (
        "HEAD",
        "MessageVersion=v Profile=a ProfileVersion MessageId MessageCreatedDateTime=t \
         FileNumber=i NumberOfFiles=i UsageStartDate=y UsageEndDate=y SenderPartyId=x \
         SenderName ServiceDescription? RecipientPartyId=x? RecipientName? \
         RepresentedRepertoire?*",
    ),
    (
        "LI01",
        "BlockId SummaryRecordId RightsController RightsControllerPartyId=n? \
         RightsControllerWorkId? RightSharePercentage=d RightsType=a? AllocatedNetRevenue=d \
         AllocatedAmount=d",
    ),
    (
        "LI01.01",
        "BlockId SummaryRecordId? RightsController RightsControllerPartyId=n? \
         RightsControllerWorkId? RightSharePercentage=d RightsType=a? AllocatedNetRevenue=d \
         AllocatedAmount=d",
    ),
    (
        "LI01.02",
        "BlockId SummaryRecordId? RightsController RightsControllerPartyId=n? \
         RightsControllerWorkId? RightSharePercentage=d RightsType=a? AllocatedNetRevenue=d \
         AllocatedAmount=d AllocatedUsages=d?",
    ),
    (
        "ML01",
        "BlockId SummaryRecordId ResourceReference? UsageForPrioritisation=i? \
         PercentileForPrioritisation=i? UnclaimedPercentage=d?",
    ),
    (
        "MW01",
        "BlockId DspWorkId ISWC=w? Title SubTitle? ComposerAuthor?* ComposerAuthorPartyId=n?* \
         Arranger?* ArrangerPartyId=n?* MusicPublisher?* MusicPublisherPartyId=n?* \
         WorkContributor?* WorkContributorPartyId=n?* DataProvider?",
    ),
    (
        "MW01.01",
        "BlockId DspWorkId ISWC=w? Title SubTitle? ComposerAuthor?* ComposerAuthorPartyId=n?* \
         Arranger?* ArrangerPartyId=n?* MusicPublisher?* MusicPublisherPartyId=n?* \
         WorkContributor?* WorkContributorPartyId=n?* DataProvider? ProprietaryWorkId=n?",
    ),
    (
        "RE01",
        "BlockId ReleaseReference DspReleaseId ProprietaryReleaseId=n?* CatalogNumber? \
         ICPN=u? DisplayArtistName DisplayArtistPartyId=n? Title SubTitle? ReleaseType=a? \
         Label? PLine? DataProvider?",
    ),
    (
        "RE01.01",
        "BlockId ReleaseReference DspReleaseId ProprietaryReleaseId=n?* CatalogNumber? \
         ICPN=u? DisplayArtistName? DisplayArtistPartyId=n? Title SubTitle? ReleaseType=a? \
         Label? PLine? DataProvider?",
    ),
    (
        "RE02",
        "BlockId ReleaseReference DspSubReleaseId ProprietarySubReleaseId=n?* UsedResources*",
    ),
    (
        "RE03",
        "BlockId ReleaseReference DspReleaseId ProprietaryReleaseId=n?* ICPN=u? Title \
         SubTitle? SeriesTitle? SeasonNumber=i? DisplayArtistName? DisplayArtistPartyId=n? \
         ReleaseType=a? DataProvider?",
    ),
    (
        "RE03.01",
        "BlockId ReleaseReference DspReleaseId ProprietaryReleaseId=n?* ICPN=u? Title \
         SubTitle? SeriesTitle? SeasonNumber=i? DisplayArtistName? DisplayArtistPartyId=n? \
         ReleaseType=a? DataProvider? VideoCategory? EpisodeNumber=i?* UserChannelName?",
    ),
    ("RU01", "BlockId SummaryRecordId DspReleaseId* Usages=i*"),
    (
        "RU01.01",
        "BlockId SummaryRecordId DspReleaseId* Usages=i* ContentCategory",
    ),
    (
        "RU02",
        "BlockId SummaryRecordId DspReleaseId ReleaseTitle ReleaseURL Usages=i",
    ),
    (
        "RU02.01",
        "BlockId SummaryRecordId DspReleaseId ReleaseTitle ReleaseURL Usages=i \
         ContentCategory?",
    ),
    (
        "SR01",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName ResourceDisplayArtistPartyId=n? Duration=p? ResourceType=a \
         ProprietaryWorkId=n? ISWC=w? ComposerAuthor?* ComposerAuthorPartyId=n?* Arranger?* \
         ArrangerPartyId=n?* MusicPublisher?* MusicPublisherPartyId=n?* WorkContributor?* \
         WorkContributorPartyId=n?* DspReleaseId? ProprietaryReleaseId=n?* \
         ReleaseCatalogNumber? ICPN=u? ReleaseDisplayArtistName \
         ReleaseDisplayArtistPartyId=n? ReleaseTitle ReleaseSubTitle? ReleaseType=a? \
         ReleaseLabel? PLine? ReleaseDataProvider? NumberOfTransactedResources=i \
         SalesTransactionId IsRoyaltyBearing=b SalesUpgrade=b Downloads=i Returns=i \
         PriceConsumerPaidExcSalesTax=d? CalculatedPriceConsumerPaidForResourceExcSalesTax=d? \
         PromotionalActivity?",
    ),
    (
        "SR02",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName ResourceDisplayArtistPartyId=n? Duration=p? ResourceType=a \
         ProprietaryWorkId=n? ISWC=w? ComposerAuthor?* ComposerAuthorPartyId=n?* Arranger?* \
         ArrangerPartyId=n?* MusicPublisher?* MusicPublisherPartyId=n?* WorkContributor?* \
         WorkContributorPartyId=n?* DspReleaseId? ProprietaryReleaseId=n?* \
         ReleaseCatalogNumber? ICPN=u? ReleaseDisplayArtistName \
         ReleaseDisplayArtistPartyId=n? ReleaseTitle ReleaseSubTitle? ReleaseType=a? \
         ReleaseLabel? PLine? ReleaseDataProvider? SalesTransactionId IsRoyaltyBearing=b \
         NumberOfStreams=d PromotionalActivity?",
    ),
    (
        "SR03",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName? ResourceDisplayArtistPartyId=n? Duration=p? \
         ResourceType=a WorkTitle DspWorkId ISWC=w? ComposerAuthor?* \
         ComposerAuthorPartyId=n?* Arranger?* ArrangerPartyId=n?* MusicPublisher?* \
         MusicPublisherPartyId=n?* WorkContributor?* WorkContributorPartyId=n?* DspReleaseId? \
         ProprietaryReleaseId=n?* CatalogNumber? ICPN=u? ReleaseDisplayArtistName? \
         ReleaseDisplayArtistPartyId=n? ReleaseTitle ReleaseSubTitle? ReleaseLabel? PLine? \
         SalesTransactionId Usages=d NetRevenue=d? ValidityPeriodStart=y ValidityPeriodEnd=y \
         ContentCategory RightsController? RightsControllerPartyId=n? RightsControllerWorkId? \
         RightSharePercentage=d? RightsType=a? AllocatedNetRevenue=d? AllocatedAmount=d? \
         AllocatedUsages=d? AllocatedNetUsage=d?",
    ),
    (
        "SR04",
        "SummaryRecordId DspResourceId ISAN? EIDR? ProprietaryResourceId=n?* VideoType=a \
         ResourceTitle ResourceSubTitle? ResourceOriginalTitle? EpisodeNumber? SeasonNumber? \
         Genre? Duration=p ResourceDisplayArtistName? ResourceDisplayArtistPartyId=n? \
         ProducerName?* ProducerPartyId=n?* DirectorName?* DirectorPartyId=n?* ActorName?* \
         ActorPartyId=n?* ProductionCompanyName? ProductionCompanyPartyId=n?* \
         LanguageLocalizationType=a? HasCaptioning=b? HasAudioDescription=b? \
         OriginalLanguageOfPerformance=a?* LanguageOfDubbing=a?* DateOfProductionOrRelease=y? \
         CountryOfProduction=g?* OriginalBroadcastChannel? OriginalBroadcastDateTime=t? \
         DspReleaseId? ProprietaryReleaseId=n?* ICPN=u? ReleaseTitle? ReleaseSubTitle? \
         SeriesTitle? ReleaseType=a? DataProvider? VideoCategory? SalesTransactionId \
         DrmEnforcement=b? VideoDefinitionType=a? CodingType=a? BitRate=d? IsRoyaltyBearing=b \
         Downloads=d Returns=i PriceConsumerPaidExcSalesTax=d? PromotionalActivity?",
    ),
    (
        "SR05",
        "SummaryRecordId DspResourceId ISAN? EIDR? ProprietaryResourceId=n?* VideoType=a \
         ResourceTitle ResourceSubTitle? ResourceOriginalTitle? EpisodeNumber? SeasonNumber? \
         Genre? Duration=p ResourceDisplayArtistName? ResourceDisplayArtistPartyId=n? \
         ProducerName?* ProducerPartyId=n?* DirectorName?* DirectorPartyId=n?* ActorName?* \
         ActorPartyId=n?* ProductionCompanyName? ProductionCompanyPartyId=n?* \
         LanguageLocalizationType=a? HasCaptioning=b? HasAudioDescription=b? \
         OriginalLanguageOfPerformance=a?* LanguageOfDubbing=a?* DateOfProductionOrRelease=y? \
         CountryOfProduction=g?* OriginalBroadcastChannel? OriginalBroadcastDateTime=t? \
         DspReleaseId? ProprietaryReleaseId=n?* ICPN=u? ReleaseTitle ReleaseSubTitle? \
         SeriesTitle? ReleaseType=a? DataProvider? VideoCategory? SalesTransactionId \
         VideoDefinitionType=a? CodingType=a? BitRate=d? IsRoyaltyBearing=b NumberOfStreams=d \
         PromotionalActivity?",
    ),
    (
        "SR06",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName? ResourceDisplayArtistPartyId=n? WorkTitle DspWorkId \
         ISWC=w? ComposerAuthor?* ComposerAuthorPartyId=n?* Usages=d ValidityPeriodStart=y \
         ValidityPeriodEnd=y ContentCategory RightsController? RightsControllerPartyId=n? \
         RightsControllerWorkId? RightSharePercentage=d? RightsType=a? AllocatedAmount=d? \
         AllocatedNetUsage=d?",
    ),
    (
        "SR07",
        "BlockId SummaryRecordId DspReleaseId ProprietaryReleaseId=n?* ReleaseCatalogNumber? \
         ICPN=u? ReleaseDisplayArtistName ReleaseDisplayArtistPartyId=n? ReleaseTitle \
         ReleaseSubTitle? ReleaseType=a? ReleaseLabel? ReleasePLine? DspResourceId ISRC=r?* \
         ResourceTitle ResourceSubTitle? ResourceDisplayArtistName \
         ResourceDisplayArtistPartyId=n? ResourceDuration=p? ResourceType=a DspWorkId ISWC=w? \
         MusicalWorkTitle MusicalWorkSubTitle? ComposerAuthor?* ComposerAuthorPartyId=n?* \
         Arranger?* ArrangerPartyId=n?* MusicPublisher?* MusicPublisherPartyId=n?* \
         WorkContributor?* WorkContributorPartyId=n?* DataProvider? ProprietaryWorkId=n?* \
         UsageForPrioritisation=i? PercentileForPrioritisation=i? UnclaimedPercentage=d?",
    ),
    (
        "SR08",
        "SalesTransactionId ReleaseGRid? ReleaseICPN? DspReleaseId LabelReleaseId? \
         ProprietaryReleaseId=n?* ReleaseContextReleaseGRid? ReleaseType=a? ReleaseTitle? \
         ReleaseSubTitle? ReleaseDisplayArtistName? ReleaseDisplayArtistPartyId=n? \
         ResourceISRC=r? ResourceISAN? DspResourceId? LabelResourceId? \
         ProprietaryResourceId=n?* ResourceContextReleaseGRid? ResourceType=a? ResourceTitle? \
         ResourceSubTitle? ResourceDisplayArtistName? ResourceDisplayArtistPartyId=n? \
         SummaryRecordId SalesTransactionDate=y TotalUsages=d Returns=i NetUsage=d \
         WholesalePriceInCurrencyOfTransaction=d? WholesalePriceInCurrencyOfAccounting=d? \
         SuggestedConsumerPriceInCurrencyOfTransaction=d? \
         SuggestedConsumerPriceInCurrencyOfAccounting=d? PriceType? PriceRangeType? \
         PriceConsumerPaidExcSalesTaxInCurrencyOfTransaction=d? \
         PriceConsumerPaidExcSalesTaxInCurrencyOfAccounting=d? DeductionType?* \
         DeductionsInCurrencyOfTransaction=d?* DeductionsInCurrencyOfAccounting=d?* \
         RightSharePercentage=d CalculatedUnitPriceInCurrencyOfTransaction=d \
         CalculatedUnitPriceInCurrencyOfAccounting=d \
         AllocatedRevenueInCurrencyOfTransaction=d AllocatedRevenueInCurrencyOfAccounting=d \
         AllocatedNetRevenueInCurrencyOfTransaction=d \
         AllocatedNetRevenueInCurrencyOfAccounting=d CopyrightObligationWithDSP=b",
    ),
    ("SRFO", "NumberOfLinesInReport=i NumberOfSummaryRecords=i"),
    (
        "SRHE",
        "MessageVersion=v Profile=a ProfileVersion MessageId MessageCreatedDateTime=t \
         FileNumber=1 NumberOfFiles=1 UsageStartDate=y UsageEndDate=y SenderPartyId=x \
         SenderName ServiceDescription? RecipientPartyId=x? RecipientName? \
         RepresentedRepertoire?*",
    ),
    (
        "SU01",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         IsRoyaltyBearing=b SalesUpgrade=b Usages=i Returns=i PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity?",
    ),
    (
        "SU02",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         IsRoyaltyBearing=b? NumberOfStreams=i PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity?",
    ),
    (
        "SU03",
        "BlockId SalesTransactionId SummaryRecordId? DspReleaseId Usages=i? NetRevenue=d \
         ValidityPeriodStart=y? ValidityPeriodEnd=y?",
    ),
    (
        "SU03.01",
        "BlockId SalesTransactionId SummaryRecordId? DspReleaseId Usages=i? NetRevenue=d \
         ValidityPeriodStart=y? ValidityPeriodEnd=y?",
    ),
    (
        "SU03.02",
        "BlockId SalesTransactionId SummaryRecordId? DspResourceId Usages=d NetRevenue=d \
         ValidityPeriodStart=y? ValidityPeriodEnd=y? ContentCategory? IsRoyaltyBearing=b?",
    ),
    (
        "SU04",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         DrmEnforcementType=a? VideoDefinitionType=a? CodingType=a? BitRate=d? \
         OriginalBroadcastChannel? OriginalBroadcastDateTime=t? IsRoyaltyBearing=b \
         SalesUpgrade=b Usages=d Returns=i DurationUsed=p? PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity? OfferStartDate=y? OfferEndDate=y? OfferURL?",
    ),
    (
        "SU04.01",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         DrmEnforcementType=a? VideoDefinitionType=a? CodingType=a? BitRate=d? \
         OriginalBroadcastChannel? OriginalBroadcastDateTime=t? IsRoyaltyBearing=b \
         SalesUpgrade=b Usages=d Returns=i DurationUsed=p? PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity? OfferStartDate=y? OfferEndDate=y? OfferURL? \
         FirstVoDBroadcastDateTime=t?",
    ),
    (
        "SU05",
        "BlockId SummaryRecordId SalesTransactionId TransactedResource IsRoyaltyBearing=b \
         NumberOfBroadcasts=i NumberOfBroadcastListeners=i? ListenerDuration=p?",
    ),
    (
        "SY01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? Usages=i Subscribers=d? Currency=c \
         NetRevenue=d IndirectNetRevenue=d?",
    ),
    (
        "SY01.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? Usages=i Subscribers=d? \
         CurrencyOfReporting=c NetRevenue=d IndirectNetRevenue=d? CurrencyOfTransaction=c? \
         ExchangeRate=d?",
    ),
    (
        "SY02",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Users=i? Currency=c NetRevenue=d \
         RightsController? RightsControllerPartyId=n? AllocatedUsages=d?* AmountPayable=d?* \
         AllocatedNetRevenue=d?",
    ),
    (
        "SY02.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Users=i? Currency=c NetRevenue=d \
         RightsController? RightsControllerPartyId=n? AllocatedUsages=d?* \
         AllocatedRevenue=d?* AllocatedNetRevenue=d? RightsType=a?",
    ),
    (
        "SY02.02",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Users=i? CurrencyOfReporting=c \
         NetRevenue=d RightsController? RightsControllerPartyId=n? AllocatedUsages=d?* \
         AllocatedRevenue=d?* AllocatedNetRevenue=d? RightsType=a? ContentCategory \
         CurrencyOfTransaction=c? ExchangeRate=d? RightsTypePercentage=d?",
    ),
    (
        "SY03",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Subscribers=d Currency=c \
         NetRevenue=d RightsController? RightsControllerPartyId=n? AllocatedUsages=d?* \
         AllocatedRevenue=d?* AllocatedNetRevenue=d? RightsControllerMarketShare=d? \
         ConsumerPaidUnitPrice=d FreeOrTrialSubscribers=d ExchangeRateBaseCurrency=c? \
         ExchangeRate=d?",
    ),
    (
        "SY04",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription SubscriberType Subscribers=d \
         SubPeriodStartDate=y? SubPeriodEndDate=y? UsagesInSubPeriod=i? \
         UsagesInReportingPeriod=i? Currency=c ExchangeRateBaseCurrency=c? ExchangeRate=d? \
         ConsumerPaidUnitPrice=d NetRevenue=d",
    ),
    (
        "SY04.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription SubscriberType Subscribers=d \
         SubPeriodStartDate=y? SubPeriodEndDate=y? UsagesInSubPeriod=i? \
         UsagesInReportingPeriod=i? CurrencyOfReporting=c CurrencyOfTransaction=c? \
         ExchangeRate=d? ConsumerPaidUnitPrice=d NetRevenue=d MusicUsagePercentage=d",
    ),
    (
        "SY05",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? RightsController? \
         RightsControllerPartyId=n? RightsType=a TotalUsages=i? AllocatedUsages=d?* \
         MusicUsageRatio=d? AllocatedRevenue=d?* AllocatedNetRevenue=d? \
         RightsControllerMarketShare=d?",
    ),
    (
        "SY05.02",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? RightsController? \
         RightsControllerPartyId=n? RightsType=a TotalUsages=i? AllocatedUsages=d?* \
         MusicUsageRatio=d? AllocatedNetRevenue=d?* AllocatedRevenue=d? \
         RightsControllerMarketShare=d? CurrencyOfReporting=c? CurrencyOfTransaction=c? \
         ExchangeRate=d? SubscriberType? SubPeriodStartDate=y? SubPeriodEndDate=y? \
         ContentCategory RightsTypePercentage=d?",
    ),
    (
        "SY06",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Subscribers=d? Currency=c \
         NumberOfReleases=i? NetRevenue=d IndirectNetRevenue=d? PreviewAvailable=b?",
    ),
    (
        "SY06.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Subscribers=d? \
         CurrencyOfReporting=c NumberOfReleases=i? NetRevenue=d? IndirectNetRevenue=d? \
         PreviewAvailable=b? CurrencyOfTransaction=c? ExchangeRate=d?",
    ),
    (
        "SY06.02",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription Usages=i Subscribers=d? \
         CurrencyOfReporting=c NumberOfReleases=i? NetRevenue=d? IndirectNetRevenue=d? \
         PreviewAvailable=b? CurrencyOfTransaction=c? ExchangeRate=d? ViewingHours=d?",
    ),
    (
        "SY07",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a? \
         UseType=a? Territory=g RightsType=a ServiceDescription? Usages=i Users=i? Currency=c \
         NetRevenue=d? RightsController? RightsControllerPartyId=n? AllocatedUsages=d?* \
         AllocatedRevenue=d AllocatedNetRevenue=d",
    ),
    (
        "SY08",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? ServiceDescription \
         BroadcastStationOrChannel? CommercialModel=a UseType=a Territory=g \
         NumberOfBroadcasts=i NumberOfBroadcastListeners=i? ListenerHours=d Currency=c \
         NetRevenue=d IndirectNetRevenue=d? RightsController? RightsControllerPartyId=n? \
         AllocatedRevenue=d?* RightsType=a? AllocatedNetRevenue=d? \
         RightsControllerAllocatedNumberOfBroadcasts=d? AdditionalData?",
    ),
    (
        "SY09",
        "SummaryRecordId CommercialModel=a UseType=a Territory=g ServiceDescription? \
         SubscriberType? RightsController? RightsControllerPartyId=n? RightsType=a? \
         TotalUsages=d? AllocatedUsages=d? NetRevenue=d IndirectNetRevenue=d? \
         RightsControllerMarketShare=d? CurrencyOfReporting=c CurrencyOfTransaction=c? \
         ExchangeRate=d? RightsTypePercentage=d?",
    ),
    (
        "SY10",
        "SummaryRecordId DistributionChannelName? DistributionChannelDPID=x? \
         CommercialModel=a UseType=a ReportingPeriodStartDate=y ReportingPeriodEndDate=y \
         SubscriberType? Subscribers=d? ActiveSubscribers=d? PromotionalActivity? Territory=g \
         ServiceDescription? OfferType? Quality? Usages=d AllocatedUsages=d Returns=d \
         MusicUsageRatio=d CurrencyOfTransaction=c CurrencyOfAccounting=c ExchangeRate=d \
         ExchangeRateSource? DateOfCurrencyExchange=t? GrossRevenueInCurrencyOfTransaction=d? \
         GrossRevenueInCurrencyOfAccounting=d? CalculationType?* CalculationValue=d?* \
         DeductionType?* DeductionsInCurrencyOfTransaction=d* \
         DeductionsInCurrencyOfAccounting=d* NetRevenueInCurrencyOfTransaction=d \
         NetRevenueInCurrencyOfAccounting=d AllocatedRevenueInCurrencyOfTransaction=d \
         AllocatedRevenueInCurrencyOfAccounting=d \
         AllocatedNetRevenueInCurrencyOfTransaction=d \
         AllocatedNetRevenueInCurrencyOfAccounting=d RightsControllerMarketShare=d? \
         SubscriptionFeeInCurrencyOfTransaction=d? SubscriptionFeeInCurrencyOfAccounting=d \
         UsageIndependentFeeType?* UsageIndependentFeeInCurrencyOfTransaction=d?* \
         UsageIndependentFeeInCurrencyOfAccounting=d?* \
         FinalTotalAmountInCurrencyOfTransaction=d FinalTotalAmountInCurrencyOfAccounting=d",
    ),
    (
        "SY11",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? UsageForPrioritisation=i?",
    ),
];

/// Newer versions, as reports of today carry them. Names and order are those of Part 8, version 1.4,
/// by a *secondary* list (no schema of them is published): kinds, mandatory and repeating are those
/// of the same place in the last schema of the same record, and what was added since may be empty.
///
/// Source: a public program's list of "Record Type Definitions (Version 1.4)"; SU01.03, SU02.02,
/// FOOT and SRFO agree with the pages of `dsr8.ddex.net` that could be read.
pub(super) const FROM_LIST: &[(&str, &str)] = &[
    (
        "AS01.02",
        "BlockId ResourceReference DspResourceId ResourceISRC=r?* ResourceTitle \
         ResourceSubTitle? ResourceDisplayArtistName ResourceDisplayArtistPartyId=n? \
         ResourceDuration=p? ResourceType=a IsMasterRecording=b? \
         IsSubjectToOwnershipConflict=b? LastConflictCheck=y?",
    ),
    (
        "LI01.03",
        "BlockId SummaryRecordId? RightsController RightsControllerPartyId=n? \
         RightsControllerWorkId? RightShare=d RightsType=a? AllocatedNetRevenue=d \
         AllocatedAmount=d AllocatedUsages=d? ParentSalesTransactionId? LicensorDataRecordId?",
    ),
    (
        "ML01.01",
        "BlockId SummaryRecordId ResourceReference? UsageForPrioritisation=i? \
         PercentileForPrioritisation=i? UnclaimedPercentage=d? MasterlistId?",
    ),
    (
        "MW01.02",
        "BlockId DspMusicalWorkId MusicalWorkISWC=w? MusicalWorkTitle MusicalWorkSubTitle? \
         MusicalWorkComposerAuthorName?* MusicalWorkComposerAuthorPartyId=n?* \
         MusicalWorkArrangerName?* MusicalWorkArrangerPartyId=n?* MusicPublisherName?* \
         MusicPublisherPartyId=n?* MusicalWorkContributorName?* \
         MusicalWorkContributorPartyId=n?* DataProviderName? ProprietaryMusicalWorkId=n? \
         ResourceReference? ParentLicensorDataRecordId? ParentMasterlistId?",
    ),
    (
        "MW02",
        "BlockId DspWorkId? MusicalWorkISWC=w? MusicalWorkTitle? MusicalWorkSubTitle? \
         MusicalWorkComposerAuthorName? MusicalWorkComposerAuthorPartyId=n? \
         MusicalWorkArrangerName? MusicalWorkArrangerPartyId=n? MusicPublisherName? \
         MusicPublisherPartyId=n? MusicalWorkContributorName? \
         MusicalWorkContributorPartyId=n? DataProviderName? ProprietaryWorkId=n? \
         ResourceReference ParentLicensorDataRecordId? ParentMasterlistId? \
         MusicalWorkReference? AlternativeMusicalWorkTitle?",
    ),
    (
        "RE01.02",
        "BlockId ReleaseReference DspReleaseId ProprietaryReleaseId=n?* ReleaseCatalogNumber? \
         ReleaseICPN=u? ReleaseDisplayArtistName? ReleaseDisplayArtistPartyId=n? ReleaseTitle \
         ReleaseSubTitle? ReleaseType=a? ReleaseLabelName? ReleasePLine? DataProviderName? \
         ReleaseDate=y?",
    ),
    (
        "RU01.02",
        "BlockId SummaryRecordId DspReleaseId* Usages=i* ContentCategory \
         ParentResourceReference?",
    ),
    (
        "RU02.02",
        "BlockId SummaryRecordId DspReleaseId ReleaseTitle ReleaseURL Usages=i \
         ContentCategory? ParentResourceReference?",
    ),
    (
        "SR01.01",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName ResourceDisplayArtistPartyId=n? Duration=p? ResourceType=a \
         ProprietaryWorkId=n? ISWC=w? ComposerAuthorName?* ComposerAuthorPartyId=n?* \
         ArrangerName?* ArrangerPartyId=n?* MusicPublisherName?* MusicPublisherPartyId=n?* \
         WorkContributorName?* WorkContributorPartyId=n?* DspReleaseId? \
         ProprietaryReleaseId=n?* ReleaseCatalogNumber? ICPN=u? ReleaseDisplayArtistName \
         ReleaseDisplayArtistPartyId=n? ReleaseTitle ReleaseSubTitle? ReleaseType=a? \
         ReleaseLabelName? PLine? ReleaseDataProviderName? NumberOfTransactedResources=i \
         SalesTransactionId IsRoyaltyBearing=b SalesUpgrade=b Downloads=i Returns=i \
         PriceConsumerPaidExcSalesTax=d? CalculatedPriceConsumerPaidForResourceExcSalesTax=d? \
         PromotionalActivity? ReleaseDate=y? UseType=a?",
    ),
    (
        "SR02.01",
        "SummaryRecordId DspResourceId ISRC=r? ResourceTitle ResourceSubTitle? \
         ResourceDisplayArtistName ResourceDisplayArtistPartyId=n? Duration=p? ResourceType=a \
         ProprietaryWorkId=n? ISWC=w? ComposerAuthorName?* ComposerAuthorPartyId=n?* \
         ArrangerName?* ArrangerPartyId=n?* MusicPublisherName?* MusicPublisherPartyId=n?* \
         WorkContributorName?* WorkContributorPartyId=n?* DspReleaseId? \
         ProprietaryReleaseId=n?* ReleaseCatalogNumber? ICPN=u? ReleaseDisplayArtistName \
         ReleaseDisplayArtistPartyId=n? ReleaseTitle ReleaseSubTitle? ReleaseType=a? \
         ReleaseLabelName? PLine? ReleaseDataProviderName? SalesTransactionId \
         IsRoyaltyBearing=b NumberOfStreams=d PromotionalActivity? ReleaseDate=y? UseType=a? \
         PriceConsumerPaidExcSalesTax=d?",
    ),
    (
        "ST01",
        "BlockId ParentSalesTransactionId? SummaryRecordId Usages=d?",
    ),
    (
        "SU01.02",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         IsRoyaltyBearing=b SalesUpgrade=b Usages=i Returns=i PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity? UseType=a?",
    ),
    (
        "SU02.02",
        "BlockId SummaryRecordId SalesTransactionId TransactedRelease? TransactedResource? \
         IsRoyaltyBearing=b? NumberOfStreams=i PriceConsumerPaidExcSalesTax=d? \
         PromotionalActivity? UseType=a?",
    ),
    (
        "SU05.01",
        "BlockId SummaryRecordId SalesTransactionId TransactedResource IsRoyaltyBearing=b \
         NumberOfBroadcasts=i NumberOfBroadcastListeners=i? ListenerDuration=p? UseType=a?",
    ),
    (
        "SY01.02",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? TotalUsages=i Subscribers=d? \
         CurrencyOfReporting=c NetRevenue=d IndirectValue=d? CurrencyOfTransaction=c? \
         ExchangeRate=d?",
    ),
    (
        "SY02.03",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription TotalUsages=i Users=i? \
         CurrencyOfReporting=c NetRevenue=d RightsController? RightsControllerPartyId=n? \
         AllocatedUsages=d?* AllocatedRevenue=d?* AllocatedNetRevenue=d? RightsType=a? \
         ContentCategory CurrencyOfTransaction=c? ExchangeRate=d? RightsTypePercentage=d?",
    ),
    (
        "SY03.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription TotalUsages=i Subscribers=d \
         CurrencyOfReporting=c NetRevenue=d RightsController? RightsControllerPartyId=n? \
         AllocatedUsages=d?* AllocatedRevenue=d?* AllocatedNetRevenue=d? \
         RightsControllerMarketShare=d? ConsumerPaidUnitPrice=d FreeOrTrialSubscribers=d \
         CurrencyOfTransaction=c? ExchangeRate=d? SubscriberType?",
    ),
    (
        "SY05.03",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? RightsController? \
         RightsControllerPartyId=n? RightsType=a TotalUsages=i? AllocatedUsages=d?* \
         MusicUsagePercentage=d? AllocatedNetRevenue=d?* AllocatedRevenue=d? \
         RightsControllerMarketShare=d? CurrencyOfReporting=c? CurrencyOfTransaction=c? \
         ExchangeRate=d? DeprecatedCell? SubPeriodStartDate=y? SubPeriodEndDate=y? \
         ContentCategory RightsTypePercentage=d? ParentSummaryRecordId?",
    ),
    (
        "SY07.01",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a? \
         UseType=a? Territory=g RightsType=a ServiceDescription? TotalUsages=i Users=i? \
         CurrencyOfReporting=c NetRevenue=d? RightsController? RightsControllerPartyId=n? \
         AllocatedUsages=d?* AllocatedRevenue=d AllocatedNetRevenue=d \
         CurrencyOfTransaction=c? ExchangeRate=d? RightsTypePercentage=d?",
    ),
    (
        "SY09.01",
        "SummaryRecordId CommercialModel=a UseType=a Territory=g ServiceDescription? \
         DeprecatedCell? RightsController? RightsControllerPartyID=n? RightsType=a? \
         TotalUsages=d? AllocatedUsages=d? NetRevenue=d IndirectValue=d? \
         RightsControllerMarketShare=d? CurrencyOfReporting=c CurrencyOfTransaction=c? \
         ExchangeRate=d? RightsTypePercentage=d? SubPeriodStartDate=y? SubPeriodEndDate=y? \
         ParentSummaryRecordId?",
    ),
    (
        "SY12",
        "SummaryRecordId DistributionChannel? DistributionChannelDPID=x? CommercialModel=a \
         UseType=a Territory=g ServiceDescription? TotalUsages=d? Subscribers=d? \
         CurrencyOfReporting=c? NetRevenue=d? IndirectValue? CurrencyOfTransaction=c? \
         ExchangeRate=d? TotalCostOfContentInCurrencyOfReporting=d? \
         PerformanceRoyaltiesInCurrencyOfReporting=d?",
    ),
];
