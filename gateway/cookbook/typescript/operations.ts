/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import { parse, type TypedQueryDocumentNode } from 'graphql';
/** The kind of an audit log entry. */
export type AccessKind =
  /** An answer, recorded before it left. */
  | 'ACCESS'
  /** A change, recorded before it was sent to a community. Its outcome is an `ACCESS` entry with the same correlation id. */
  | 'INTENT';

/** The strength of the wording of an attribution statement. */
export type AttributionWording =
  /** The statement assesses that a party is responsible. */
  | 'ASSESSES'
  /** The statement attributes the act to a party. */
  | 'ATTRIBUTES'
  /** The statement calls on a party to act or to stop acting. */
  | 'CALLS_ON'
  /** The statement condemns the act. It is used where not all parties to the statement attribute the act. */
  | 'CONDEMNS';

/** The kind of capability. */
export type CapabilityKind =
  /** A cyber range for training and exercises. */
  | 'CYBER_RANGE'
  /** Mitigation of denial-of-service attacks. */
  | 'DDOS_MITIGATION'
  /** Decryption of data that ransomware encrypted. */
  | 'DECRYPTION'
  /** Detection of attacks. */
  | 'DETECTION'
  /** Digital forensics. */
  | 'FORENSICS'
  /** Legal advice. */
  | 'LEGAL'
  /** Logistics and transport. */
  | 'LOGISTICS'
  /** Malware analysis. */
  | 'MALWARE_ANALYSIS'
  /** Incident response in operational technology. */
  | 'OT_RESPONSE'
  /** Secure communication. */
  | 'SECURE_COMMUNICATION'
  /** Sinkholing of malicious domains. */
  | 'SINKHOLING'
  /** Takedown of malicious infrastructure. */
  | 'TAKEDOWN'
  /** Threat intelligence. */
  | 'THREAT_INTELLIGENCE'
  /** Training. */
  | 'TRAINING';

/** The workflow state of a joint case. It is independent of the level and of the phase. */
export type CaseWorkflow =
  /** The participants work on the case. */
  | 'ACTIVE'
  /** The case is closed. */
  | 'CLOSED'
  /** The lead settles the open points before the case closes. */
  | 'CLOSING'
  /** The case is prepared and not yet open. */
  | 'DRAFT'
  /** The case was merged into another case. */
  | 'MERGED_INTO'
  /** The work is done, and the participants watch for changes. */
  | 'MONITORING'
  /** The case is open. */
  | 'OPEN'
  /** The case was closed and is open again. */
  | 'REOPENED'
  /** The case was split from another case. */
  | 'SPLIT_FROM';

/** The confidence of the author in a statement. It is not the likelihood of an event. */
export type Confidence =
  /** High confidence. */
  | 'HIGH'
  /** Low confidence. */
  | 'LOW'
  /** Moderate confidence. */
  | 'MODERATE';

/** The phase of crisis management (Cyber Blueprint). */
export type CrisisPhase =
  /** Detection and analysis of an incident. */
  | 'DETECTION'
  /** Evaluation and lessons learned. */
  | 'LESSONS_LEARNED'
  /** Preparation before an incident. */
  | 'PREPARATION'
  /** Recovery after an incident. */
  | 'RECOVERY'
  /** Response to an incident. */
  | 'RESPONSE';

/** The function of a person on duty. */
export type DutyFunction =
  /** Contact for the CSIRTs network. */
  | 'CSIRTS_NETWORK_CONTACT'
  /** EU-CyCLONe executive. */
  | 'CYCLONE_EXECUTIVE'
  /** EU-CyCLONe officer. */
  | 'CYCLONE_OFFICER'
  /** Data protection officer. */
  | 'DPO'
  /** Duty officer. */
  | 'DUTY_OFFICER'
  /** Desk of a military computer emergency response team. */
  | 'MILCERT_DESK'
  /** Europol national unit. */
  | 'NATIONAL_UNIT'
  /** Press officer. */
  | 'PRESS_OFFICER'
  /** Single point of contact (NIS2 Art. 8). */
  | 'SINGLE_POINT_OF_CONTACT';

/** A catalogue of exploited vulnerabilities. */
export type ExploitationCatalogue =
  /** The Known Exploited Vulnerabilities catalogue of CISA. */
  | 'CISA_KEV'
  /** Notifications under Regulation (EU) 2024/2847 (CRA), Article 14. */
  | 'CRA_14'
  /** The EU catalogue of known exploited vulnerabilities. */
  | 'EU_KEV'
  /** A national catalogue. */
  | 'NATIONAL';

/** A type of observable (STIX 2.1, section 6). Hashes have one type for each algorithm. */
export type IndicatorType =
  /** An autonomous system. */
  | 'AUTONOMOUS_SYSTEM'
  /** A domain name. */
  | 'DOMAIN_NAME'
  /** An e-mail address. */
  | 'EMAIL_ADDR'
  /** The MD5 of a file. */
  | 'FILE_MD5'
  /** A file name. */
  | 'FILE_NAME'
  /** The SHA-1 of a file. */
  | 'FILE_SHA1'
  /** The SHA-256 of a file. */
  | 'FILE_SHA256'
  /** The SHA-512 of a file. */
  | 'FILE_SHA512'
  /** An IPv4 address. */
  | 'IPV4_ADDR'
  /** An IPv6 address. */
  | 'IPV6_ADDR'
  /** The name of a mutex. */
  | 'MUTEX'
  /** Any other observable. */
  | 'OTHER'
  /** A URL. */
  | 'URL'
  /** An HTTP user agent. */
  | 'USER_AGENT'
  /** A Windows registry key. */
  | 'WINDOWS_REGISTRY_KEY'
  /** The SHA-1 of an X.509 certificate. */
  | 'X509_CERTIFICATE_SHA1';

/** The state, as far as the reader may know it. */
export type JointCaseRecordThreadState =
  /** The assessment applies. Its moves have the values before. */
  | 'CURRENT'
  /** The assessment is withdrawn. */
  | 'WITHDRAWN';

/** The level. */
export type JointCaseRecordThreadValue =
  /** Incident. */
  | 'INCIDENT'
  /** Large scale equivalent. */
  | 'LARGE_SCALE_EQUIVALENT'
  /** Large scale incident. */
  | 'LARGE_SCALE_INCIDENT'
  /** Major incident. */
  | 'MAJOR_INCIDENT'
  /** Significant incident. */
  | 'SIGNIFICANT_INCIDENT'
  /** Union level cyber crisis. */
  | 'UNION_LEVEL_CYBER_CRISIS';

/** The mechanism through which help is requested and given. */
export type MobilisationMechanism =
  /** Support by CERT-EU to a Union entity. */
  | 'CERT_EU_SUPPORT'
  /** Support by another member of the CSIRTs network. */
  | 'CSIRTS_NETWORK_PEER'
  /** Support by Europol to national authorities. */
  | 'EUROPOL_SUPPORT'
  /** An EU Hybrid Rapid Response Team. */
  | 'HYBRID_RAPID_RESPONSE_TEAM'
  /** Mutual assistance between Member States. */
  | 'MUTUAL_ASSISTANCE'
  /** The mutual defence clause (Art. 42(7) TEU). */
  | 'MUTUAL_DEFENCE'
  /** The Cyber Rapid Response Teams of the PESCO project. */
  | 'PESCO_CRRT'
  /** The EU Cybersecurity Reserve (Regulation (EU) 2025/38 Art. 14 to 16). */
  | 'RESERVE'
  /** The solidarity clause (Art. 222 TFEU). */
  | 'SOLIDARITY_CLAUSE'
  /** Experts of other Union entities in a major incident (Regulation (EU, Euratom) 2023/2841 Art. 23). */
  | 'UNION_ENTITIES_EXPERTS';

/** The state of a mobilisation. */
export type MobilisationState =
  /** The request was accepted. */
  | 'ACCEPTED'
  /** The request was assessed against the criteria of the mechanism. */
  | 'ASSESSED'
  /** User or provider cancelled. If help was given, the report is still due. */
  | 'CANCELLED'
  /** The request was declined. */
  | 'DECLINED'
  /** The team works on site or remotely. */
  | 'DEPLOYED'
  /** The asker writes the request. */
  | 'DRAFT'
  /** The deployment ended. The summary report is open. */
  | 'ENDED'
  /** The team hands its work over. */
  | 'HANDING_OVER'
  /** The desk asked for more. The clock for the answer goes on. */
  | 'INCOMPLETE'
  /** The team is on its way. */
  | 'IN_TRANSIT'
  /** The request was accepted in part. */
  | 'PARTLY_ACCEPTED'
  /** The team prepares for the deployment. */
  | 'PREPARING'
  /** The summary report was sent. */
  | 'REPORTED'
  /** The help was requested. */
  | 'REQUESTED'
  /** The asker withdrew the request before the team prepared. */
  | 'WITHDRAWN';

/** The kind of event that a notice is about. */
export type NoticeEvent =
  /** A move was made. */
  | 'MOVE'
  /** The reader's organisation is to make a move: a part of its period is over. */
  | 'REMINDER'
  /** A state began because of the time. */
  | 'STATE';

/** A report that a legal regime requires (NIS2, Article 23; Regulation (EU, Euratom) 2023/2841, Article 21; Regulation (EU) 2024/2847, Article 14). */
export type NotificationStageKind =
  /** The early warning, within 24 hours of awareness. */
  | 'EARLY_WARNING'
  /** The final report. */
  | 'FINAL'
  /** The notification, within 72 hours of awareness. */
  | 'INCIDENT_NOTIFICATION'
  /** An intermediate report on request. */
  | 'INTERMEDIATE'
  /** A progress report for an incident that still runs when the final report is due. */
  | 'PROGRESS';

/** The state of a report against its due time. */
export type NotificationStageState =
  /** The report is due. */
  | 'DUE'
  /** The report is not due yet. */
  | 'NOT_DUE'
  /** The due time passed without a report. */
  | 'OVERDUE'
  /** The report was submitted. */
  | 'SUBMITTED'
  /** The report is not required, for the reason in `waivedBecause`. */
  | 'WAIVED';

/** Permissible Actions Protocol (MISP taxonomy). Limits how the information may be used, not who may read it. */
export type Pap =
  /** Passive work and online checks with third parties are allowed. Active measures are not. */
  | 'AMBER'
  /** No limit on use. */
  | 'CLEAR'
  /** Active measures such as blocking are allowed. */
  | 'GREEN'
  /** Only passive work on logs is allowed, with nothing visible on the network. */
  | 'RED';

/** The catalogue's statement on use in ransomware campaigns. */
export type RansomwareUse =
  /** Use in ransomware campaigns is known. */
  | 'KNOWN'
  /** Use in ransomware campaigns is not known. */
  | 'UNKNOWN';

/** A kind of record. Each is a type of the graph, such as `MispEvent` for `MISP_EVENT`. */
export type RecordKind =
  /** The description of a threat actor by one body. */
  | 'ACTOR_PROFILE'
  /** A security advisory of CERT-EU. */
  | 'ADVISORY'
  /** The text of an agreement. */
  | 'AGREEMENT'
  /** A campaign as MITRE ATT&CK or another source describes it in STIX 2.1. */
  | 'ATTACK_CAMPAIGN'
  /** A description of a threat actor by one source, as an intrusion set of STIX 2.1. */
  | 'ATTACK_GROUP'
  /** A piece of software of MITRE ATT&CK: malware or a tool. */
  | 'ATTACK_SOFTWARE'
  /** A technique of MITRE ATT&CK. */
  | 'ATTACK_TECHNIQUE'
  /** A statement that attributes an act to a party. */
  | 'ATTRIBUTION_STATEMENT'
  /** A capability that an organisation can contribute. */
  | 'CAPABILITY'
  /** A text for public communication that the organisations agree on before its release. */
  | 'COMMUNICATION_LINE'
  /** Information that a provider gave to Europol, without persons (Regulation (EU) 2016/794, Articles 18 and 19). */
  | 'CONTRIBUTION'
  /** A vulnerability whose disclosure a CSIRT coordinates (NIS2, Article 12). */
  | 'COORDINATED_DISCLOSURE'
  /** A manufacturer's notification (Regulation (EU) 2024/2847, Article 14). */
  | 'CRA_NOTIFICATION'
  /** The description of an actor's criminal conduct by one body. */
  | 'CRIMINAL_PROFILE'
  /** A cyber incident with a political dimension, as a public dataset such as EuRepoC records it. */
  | 'CYBER_INCIDENT'
  /** A request to hold back an act, usually between police and a CSIRT. */
  | 'DECONFLICTION_HOLD'
  /** A defence assessment for a mission or a network. */
  | 'DEFENCE_ASSESSMENT'
  /** A unit that can be requested, for example a milCERT, a PESCO rapid response team or a mission cell. */
  | 'DEFENCE_UNIT'
  /** A duty function of an organisation and the channels through which it is reached. */
  | 'DUTY_CONTACT'
  /** An exercise: its plan, its master event list and its lessons. */
  | 'EXERCISE_PLAN'
  /** The statement of one body that a vulnerability is exploited. */
  | 'EXPLOITATION_STATEMENT'
  /** A question from one organisation to others. */
  | 'INFORMATION_REQUEST'
  /** The joint unit's record of a joint case. */
  | 'JOINT_CASE_RECORD'
  /** A malicious cyber activity that the EU and its Member States assess together. */
  | 'MALICIOUS_ACTIVITY_CASE'
  /** A MISP event in CERT-EU's store. */
  | 'MISP_EVENT'
  /** A request for help through one of the mechanisms, and the help given. */
  | 'MOBILISATION'
  /** A duty of an organisation to notify others of an event. */
  | 'NOTIFICATION_DUTY'
  /** A NIS2 notification file as it reaches Union level. */
  | 'NOTIFICATION_FILE'
  /** A law enforcement operation against malware, a service or an infrastructure. */
  | 'OPERATION'
  /** A change of the posture of a network. */
  | 'POSTURE'
  /** A procedure that consists of numbered steps. */
  | 'PROCEDURE'
  /** A run of a procedure for one case or one exercise. */
  | 'PROCEDURE_RUN'
  /** A Member State's summary of one quarter (NIS2, Article 23(9)), anonymised and aggregated. */
  | 'QUARTERLY_SUMMARY'
  /** A ransomware family. */
  | 'RANSOMWARE_FAMILY'
  /** A recall of a record from the organisations that received it. */
  | 'RECALL'
  /** A request to the originator of a record to release it. */
  | 'RELEASE_REQUEST'
  /** A measure of the Cyber Diplomacy Toolbox, from the first option to its implementation. */
  | 'RESPONSE'
  /** A crisis response plan of a Member State or of the Union. */
  | 'RESPONSE_PLAN'
  /** A team that can be deployed. */
  | 'RESPONSE_TEAM'
  /** A listing under restrictive measures, adopted by the Council. */
  | 'SANCTIONS_LISTING'
  /** An attribute of a MISP event: an indicator that was seen in it. */
  | 'SIGHTING'
  /** A situation report. */
  | 'SITUATION_REPORT'
  /** The use of software by an actor, a campaign or other software, as a relationship of STIX 2.1. */
  | 'SOFTWARE_USE'
  /** An indicator, an observed-data object or a sighting of a STIX 2.1 bundle. */
  | 'STIX_OBSERVATION'
  /** The use of a technique by an actor, a campaign or software, as a relationship of STIX 2.1. */
  | 'TECHNIQUE_USE'
  /** An analytical product of CERT-EU. */
  | 'THREAT_PRODUCT'
  /** An incident at a Union entity (Regulation (EU, Euratom) 2023/2841, Article 21). */
  | 'UNION_INCIDENT'
  /** The description of a vulnerability by one body. */
  | 'VULNERABILITY_RECORD';

/** A restrictive measure against a listed subject. */
export type SanctionsMeasure =
  /** The funds and economic resources of the subject are frozen. */
  | 'ASSET_FREEZE'
  /** No funds or economic resources may be made available to the subject. */
  | 'NO_FUNDS'
  /** The subject may not enter or transit through the territory of the Member States. */
  | 'TRAVEL_BAN';

/** The smallest unit that a source gave for a time. */
export type TimePrecision =
  /** Exact to the day. */
  | 'DAY'
  /** Exact to the millisecond. */
  | 'MILLISECOND'
  /** Exact to the minute. */
  | 'MINUTE'
  /** Exact to the month. */
  | 'MONTH'
  /** Exact to the second. */
  | 'SECOND'
  /** Exact to the year. */
  | 'YEAR';

/** Traffic Light Protocol 2.0 (FIRST). Above `GREEN`, only those that the record names may read it. */
export type Tlp =
  /** TLP:AMBER. For the named organisations. They may pass it on to their clients who need to know. */
  | 'AMBER'
  /** TLP:AMBER+STRICT. For the named organisations only. They may not pass it on to clients. */
  | 'AMBER_STRICT'
  /** TLP:CLEAR. No limit on disclosure by TLP. Copyright and data protection still apply. */
  | 'CLEAR'
  /** TLP:GREEN. For organisations of the record's community, see `Marking.tlpCommunity`. Not for public channels. */
  | 'GREEN'
  /** TLP:RED. For the named natural persons only, on screen. No export, no report and no machine reader. */
  | 'RED';

/** The state of incident handling. */
export type UnionIncidentState =
  /** The handling has ended. */
  | 'CLOSED'
  /** The incident can no longer spread. */
  | 'CONTAINED'
  /** The cause was removed. */
  | 'ERADICATED'
  /** The incident is being investigated. */
  | 'INVESTIGATING'
  /** The incident was just recorded. */
  | 'NEW'
  /** Services are being restored. */
  | 'RECOVERING'
  /** The incident is being assessed. */
  | 'TRIAGE';

export type VulnerabilityQueryVariables = Exact<{
  id: string;
}>;


export type VulnerabilityQuery = { vulnerability: { id: string, name: string, aliases: Array<string> | null, exploitation: { nodes: Array<{ id: string, catalogue: ExploitationCatalogue | null, assertedBy: string | null, ransomwareUse: RansomwareUse | null, reportedAt: { utc: string } | null, dueDate: { utc: string } | null, actors: Array<{ name: string }> | null }> } | null, records: { nodes: Array<{ id: string, title: { value: string } | null, cvss: Array<{ score: number | null, severity: string | null }> | null }> } | null, advisories: { nodes: Array<{ id: string, serial: string | null, title: { value: string } | null }> } | null, ransomwareFamilies: { nodes: Array<{ id: string, name: string | null }> } | null, mispEvents: { nodes: Array<{ id: string, info: { value: string } | null }> } | null, threatProducts: { nodes: Array<{ id: string, title: { value: string } | null }> } | null, unionIncidents: { nodes: Array<{ id: string, caseNumber: string | null, state: UnionIncidentState | null }> } | null, defenceAssessments: { nodes: Array<{ id: string, judgement: string | null, confidence: Confidence | null }> } | null, jointCaseRecords: { nodes: Array<{ id: string, title: string | null }> } | null } | null };

export type ActorQueryVariables = Exact<{
  name: string;
}>;


export type ActorQuery = { threatActor: { id: string, name: string, synonyms: Array<string> | null, isKnown: boolean | null, profiles: { nodes: Array<{ id: string, country: string | null, suspectedSponsor: string | null, description: { value: string } | null }> } | null, criminalProfiles: { nodes: Array<{ id: string, motives: Array<string> | null, targetedSectors: Array<string> | null }> } | null, attackGroups: { nodes: Array<{ id: string, attackId: string | null, name: string | null }> } | null, techniques: { nodes: Array<{ id: string, technique: { attackId: string | null, name: string | null } | null }> } | null, ransomwareFamilies: { nodes: Array<{ id: string, name: string | null }> } | null, exploitation: { nodes: Array<{ id: string, vulnerability: { name: string } | null }> } | null, attributions: { nodes: Array<{ id: string, madeBy: string | null, wording: AttributionWording | null, confidence: Confidence | null }> } | null, sanctions: { nodes: Array<{ id: string, euReference: string | null, measures: Array<SanctionsMeasure> | null }> } | null, cyberIncidents: { nodes: Array<{ id: string, name: string | null }> } | null, jointCaseRecords: { nodes: Array<{ id: string, title: string | null }> } | null } | null };

export type IndicatorsQueryVariables = Exact<{
  values: Array<string> | string;
}>;


export type IndicatorsQuery = { indicators: Array<{ id: string, type: IndicatorType, value: string, sightings: { nodes: Array<{ id: string, toIds: boolean | null, seenAt: { utc: string } | null, event: { id: string, info: { value: string } | null } | null }> } | null, stixObservations: { nodes: Array<{ id: string, name: string | null }> } | null, deconflictionHolds: { nodes: Array<{ id: string, until: string | null, contact: string | null }> } | null, unionIncidents: { nodes: Array<{ id: string, caseNumber: string | null }> } | null } | null> | null };

export type MemberStateQueryVariables = Exact<{
  code: string;
}>;


export type MemberStateQuery = { memberState: { id: string, code: string, name: string | null, cyberIncidents: { nodes: Array<{ id: string, name: string | null }> } | null, situationReports: { nodes: Array<{ id: string, asOf: string | null, title: { value: string } | null }> } | null, attributions: { nodes: Array<{ id: string, madeBy: string | null, wording: AttributionWording | null }> } | null, capabilities: { nodes: Array<{ id: string, kind: CapabilityKind | null, readiness: string | null, noticeHours: number | null }> } | null, mobilisations: { nodes: Array<{ id: string, mechanism: MobilisationMechanism | null, state: MobilisationState | null }> } | null, responsePlans: { nodes: Array<{ id: string, title: { value: string } | null }> } | null, quarterlySummaries: { nodes: Array<{ id: string, quarter: string | null, counts: Array<{ dimension: string | null, value: string | null, count: number | null }> | null }> } | null } | null };

export type ExploitedNotInCatalogueQueryVariables = Exact<{
  since: string;
  catalogue?: ExploitationCatalogue | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ExploitedNotInCatalogueQuery = { exploitationStatements: { nodes: Array<{ id: string, assertedBy: string | null, reportedAt: { utc: string } | null, dueDate: { utc: string } | null, vulnerability: { id: string, name: string, exploitation: { nodes: Array<{ id: string, catalogue: ExploitationCatalogue | null }>, pageInfo: { hasNextPage: boolean } } | null } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type IncidentsOfMemberStateQueryVariables = Exact<{
  code: string;
  first?: number | null | undefined;
  afterPublic?: string | null | undefined;
  afterUnion?: string | null | undefined;
  afterFiles?: string | null | undefined;
}>;


export type IncidentsOfMemberStateQuery = { memberState: { id: string, name: string | null, cyberIncidents: { nodes: Array<{ id: string, name: string | null, incidentTypes: Array<string> | null, startedAt: { utc: string, precision: TimePrecision } | null, actors: Array<{ name: string }> | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, unionIncidents: { nodes: Array<{ id: string, caseNumber: string | null, state: UnionIncidentState | null, timeline: { occurred: string | null, detected: string | null } | null, rsit: { code: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, notificationFiles: { nodes: Array<{ id: string, awareAt: string | null, sector: string | null, entityPseudonym: string | null, stages: Array<{ kind: NotificationStageKind | null, state: NotificationStageState | null, dueAt: string | null }> | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type CasesWithoutAssessmentQueryVariables = Exact<{
  workflow?: CaseWorkflow | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CasesWithoutAssessmentQuery = { jointCaseRecords: { nodes: Array<{ id: string, title: string | null, phase: CrisisPhase | null, nextReviewAt: string | null, statesAffected: Array<{ impact: string | null, state: { code: string } | null, assessedBy: { name: string | null } | null }> | null, threads: Array<{ memberState: string | null, state: JointCaseRecordThreadState | null, value: JointCaseRecordThreadValue | null, at: string | null }> | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type ReadersOfRecordAuditQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  inquiry?: string | null | undefined;
}>;


export type ReadersOfRecordAuditQuery = { disclosures: { nodes: Array<{ id: string, seq: number, at: string, kind: AccessKind, organisation: string, purpose: string | null, policy: string, correlationId: string, recordCount: number, records: Array<{ community: string, id: string | null, type: string, version: number, tlp: Tlp }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type ReadersOfRecordQueryVariables = Exact<{
  record?: string | number | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ReadersOfRecordQuery = { ownReads: { nodes: Array<{ at: string, organisation: string, purpose: string | null, correlationId: string, recordCount: number, records: Array<{ id: string | null, type: string, version: number, tlp: Tlp }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type ChangesQueryVariables = Exact<{
  since?: string | null | undefined;
  kinds?: Array<RecordKind> | RecordKind | null | undefined;
  first?: number | null | undefined;
  enisa?: string | null | undefined;
  certEu?: string | null | undefined;
  europol?: string | null | undefined;
  eeas?: string | null | undefined;
  defence?: string | null | undefined;
  jointUnit?: string | null | undefined;
}>;


export type ChangesQuery = { changes: { enisa: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, certEu: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, europol: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, eeas: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, defence: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, jointUnit: { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type PageFragment = { startsOver: boolean, upTo: string | null, nodes: Array<{ recordId: string, kind: RecordKind, version: number | null, at: string, isGone: boolean, mayRepeat: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } };

export type TasksAndDeadlinesQueryVariables = Exact<{
  from: string;
  to: string;
  first?: number | null | undefined;
}>;


export type TasksAndDeadlinesQuery = { myTasks: { id: string, jointUnit: Array<{ recordId: string, workflow: string, part: string | null, since: string, mutations: Array<string> }> | null, enisa: Array<{ recordId: string, workflow: string, part: string | null, since: string, mutations: Array<string> }> | null } | null, deadlines: { id: string, jointUnit: Array<{ recordId: string, workflow: string, name: string, event: NoticeEvent, dueAt: string, obliged: { name: string | null } | null }> | null, enisa: Array<{ recordId: string, workflow: string, name: string, event: NoticeEvent, dueAt: string, obliged: { name: string | null } | null }> | null } | null };

export type OnDutyQueryVariables = Exact<{
  at?: string | null | undefined;
  function?: DutyFunction | null | undefined;
  first?: number | null | undefined;
}>;


export type OnDutyQuery = { onDuty: { id: string, jointUnit: Array<{ id: string, function: DutyFunction | null, from: string | null, to: string | null, fallback: string | null, organisation: { name: string | null } | null, memberState: { code: string } | null, channels: Array<{ kind: string | null, address: string | null }> | null, lastReachTest: { at: string | null, answeredInMinutes: number | null } | null }> | null } | null };

export type SearchQueryVariables = Exact<{
  text: string;
  kinds?: Array<RecordKind> | RecordKind | null | undefined;
  since?: string | null | undefined;
  first?: number | null | undefined;
}>;


export type SearchQuery = { search: { id: string, vulnerabilities: Array<{ id: string }> | null, threatActors: Array<{ id: string }> | null, indicators: Array<{ id: string }> | null, jointCases: Array<{ id: string }> | null, enisa: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, certEu: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, europol: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, eeas: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, defence: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, jointUnit: { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type HitsFragment = { nodes: Array<{ id: string, kind: RecordKind, title: string | null, matches: Array<{ field: string, excerpt: Array<{ text: string, isMatch: boolean }> }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } };

export type SuggestQueryVariables = Exact<{
  text: string;
}>;


export type SuggestQuery = { suggest: { id: string, enisa: Array<{ id: string, kind: RecordKind, title: string | null }> | null, certEu: Array<{ id: string, kind: RecordKind, title: string | null }> | null, europol: Array<{ id: string, kind: RecordKind, title: string | null }> | null, eeas: Array<{ id: string, kind: RecordKind, title: string | null }> | null, defence: Array<{ id: string, kind: RecordKind, title: string | null }> | null, jointUnit: Array<{ id: string, kind: RecordKind, title: string | null }> | null } | null };

export type NameFragment = { id: string, kind: RecordKind, title: string | null };

export type NodesQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type NodesQuery = { nodes: Array<
    | { __typename: 'ActorProfile', id: string }
    | { __typename: 'Advisory', serial: string | null, id: string, envelope: { version: number | null, marking: { tlp: Tlp, pap: Pap } | null } | null, title: { value: string } | null }
    | { __typename: 'Agreement', id: string }
    | { __typename: 'AttackCampaign', id: string }
    | { __typename: 'AttackGroup', id: string }
    | { __typename: 'AttackSoftware', id: string }
    | { __typename: 'AttackTechnique', id: string }
    | { __typename: 'AttributionStatement', id: string }
    | { __typename: 'Capability', id: string }
    | { __typename: 'CommunicationLine', id: string }
    | { __typename: 'Contribution', id: string }
    | { __typename: 'CoordinatedDisclosure', id: string }
    | { __typename: 'CraNotification', id: string }
    | { __typename: 'CriminalProfile', id: string }
    | { __typename: 'CyberIncident', id: string }
    | { __typename: 'DeconflictionHold', id: string }
    | { __typename: 'DefenceAssessment', id: string }
    | { __typename: 'DefenceUnit', id: string }
    | { __typename: 'DutyContact', id: string }
    | { __typename: 'ExercisePlan', id: string }
    | { __typename: 'ExploitationStatement', catalogue: ExploitationCatalogue | null, id: string, envelope: { version: number | null, marking: { tlp: Tlp, pap: Pap } | null } | null, vulnerability: { name: string } | null }
    | { __typename: 'Indicator', id: string }
    | { __typename: 'InformationRequest', id: string }
    | { __typename: 'JointCase', id: string }
    | { __typename: 'JointCaseRecord', id: string, caseTitle: string | null, envelope: { version: number | null, marking: { tlp: Tlp, pap: Pap } | null } | null }
    | { __typename: 'MaliciousActivityCase', id: string }
    | { __typename: 'MemberState', code: string, id: string }
    | { __typename: 'MispEvent', id: string, envelope: { version: number | null, marking: { tlp: Tlp, pap: Pap } | null } | null, info: { value: string } | null }
    | { __typename: 'Mobilisation', id: string }
    | { __typename: 'NotificationDuty', id: string }
    | { __typename: 'NotificationFile', id: string }
    | { __typename: 'Operation', id: string }
    | { __typename: 'Organisation', id: string }
    | { __typename: 'Posture', id: string }
    | { __typename: 'Procedure', id: string }
    | { __typename: 'ProcedureRun', id: string }
    | { __typename: 'QuarterlySummary', id: string }
    | { __typename: 'RansomwareFamily', id: string }
    | { __typename: 'Recall', id: string }
    | { __typename: 'ReleaseRequest', id: string }
    | { __typename: 'Response', id: string }
    | { __typename: 'ResponsePlan', id: string }
    | { __typename: 'ResponseTeam', id: string }
    | { __typename: 'SanctionsListing', id: string }
    | { __typename: 'Sighting', id: string }
    | { __typename: 'SituationReport', id: string }
    | { __typename: 'SoftwareUse', id: string }
    | { __typename: 'StixObservation', id: string }
    | { __typename: 'TechniqueUse', id: string }
    | { __typename: 'ThreatActor', name: string, id: string }
    | { __typename: 'ThreatProduct', id: string }
    | { __typename: 'UnionIncident', caseNumber: string | null, state: UnionIncidentState | null, id: string, envelope: { version: number | null, marking: { tlp: Tlp, pap: Pap } | null } | null }
    | { __typename: 'Vulnerability', name: string, id: string }
    | { __typename: 'VulnerabilityRecord', id: string }
   | null> };

export type MarkingFragment = { version: number | null, marking: { tlp: Tlp, pap: Pap } | null };

export type PageWithTotalQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  max?: number | null | undefined;
  since?: string | null | undefined;
}>;


export type PageWithTotalQuery = { advisories: { total: { value: number, exact: boolean } | null, nodes: Array<{ id: string, serial: string | null, publishedAt: { utc: string } | null, title: { value: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

/** Returns the document of an operation, with the types of its result and its variables. */
const typed = <Result, Variables>(text: string) => parse(text) as TypedQueryDocumentNode<Result, Variables>;
export const VulnerabilityDocument = typed<VulnerabilityQuery, VulnerabilityQueryVariables>("query Vulnerability($id: String!) {\n  vulnerability(id: $id) {\n    id\n    name\n    aliases\n    exploitation(first: 10) {\n      nodes {\n        id\n        catalogue\n        assertedBy\n        reportedAt {\n          utc\n        }\n        dueDate {\n          utc\n        }\n        ransomwareUse\n        actors {\n          name\n        }\n      }\n    }\n    records(first: 5) {\n      nodes {\n        id\n        title {\n          value\n        }\n        cvss {\n          score\n          severity\n        }\n      }\n    }\n    advisories(first: 5) {\n      nodes {\n        id\n        serial\n        title {\n          value\n        }\n      }\n    }\n    ransomwareFamilies(first: 5) {\n      nodes {\n        id\n        name\n      }\n    }\n    mispEvents(first: 5) {\n      nodes {\n        id\n        info {\n          value\n        }\n      }\n    }\n    threatProducts(first: 5) {\n      nodes {\n        id\n        title {\n          value\n        }\n      }\n    }\n    unionIncidents(first: 5) {\n      nodes {\n        id\n        caseNumber\n        state\n      }\n    }\n    defenceAssessments(first: 5) {\n      nodes {\n        id\n        judgement\n        confidence\n      }\n    }\n    jointCaseRecords(first: 5) {\n      nodes {\n        id\n        title\n      }\n    }\n  }\n}");
export const ActorDocument = typed<ActorQuery, ActorQueryVariables>("query Actor($name: String!) {\n  threatActor(name: $name) {\n    id\n    name\n    synonyms\n    isKnown\n    profiles(first: 5) {\n      nodes {\n        id\n        country\n        suspectedSponsor\n        description {\n          value\n        }\n      }\n    }\n    criminalProfiles(first: 5) {\n      nodes {\n        id\n        motives\n        targetedSectors\n      }\n    }\n    attackGroups(first: 5) {\n      nodes {\n        id\n        attackId\n        name\n      }\n    }\n    techniques(first: 10) {\n      nodes {\n        id\n        technique {\n          attackId\n          name\n        }\n      }\n    }\n    ransomwareFamilies(first: 5) {\n      nodes {\n        id\n        name\n      }\n    }\n    exploitation(first: 10) {\n      nodes {\n        id\n        vulnerability {\n          name\n        }\n      }\n    }\n    attributions(first: 5) {\n      nodes {\n        id\n        madeBy\n        wording\n        confidence\n      }\n    }\n    sanctions(first: 5) {\n      nodes {\n        id\n        euReference\n        measures\n      }\n    }\n    cyberIncidents(first: 5) {\n      nodes {\n        id\n        name\n      }\n    }\n    jointCaseRecords(first: 5) {\n      nodes {\n        id\n        title\n      }\n    }\n  }\n}");
export const IndicatorsDocument = typed<IndicatorsQuery, IndicatorsQueryVariables>("query Indicators($values: [String!]!) {\n  indicators(values: $values) {\n    id\n    type\n    value\n    sightings(first: 5) {\n      nodes {\n        id\n        seenAt {\n          utc\n        }\n        toIds\n        event {\n          id\n          info {\n            value\n          }\n        }\n      }\n    }\n    stixObservations(first: 5) {\n      nodes {\n        id\n        name\n      }\n    }\n    deconflictionHolds(first: 5) {\n      nodes {\n        id\n        until\n        contact\n      }\n    }\n    unionIncidents(first: 5) {\n      nodes {\n        id\n        caseNumber\n      }\n    }\n  }\n}");
export const MemberStateDocument = typed<MemberStateQuery, MemberStateQueryVariables>("query MemberState($code: String!) {\n  memberState(code: $code) {\n    id\n    code\n    name\n    cyberIncidents(first: 5) {\n      nodes {\n        id\n        name\n      }\n    }\n    situationReports(first: 3) {\n      nodes {\n        id\n        asOf\n        title {\n          value\n        }\n      }\n    }\n    attributions(first: 5) {\n      nodes {\n        id\n        madeBy\n        wording\n      }\n    }\n    capabilities(first: 5) {\n      nodes {\n        id\n        kind\n        readiness\n        noticeHours\n      }\n    }\n    mobilisations(first: 5) {\n      nodes {\n        id\n        mechanism\n        state\n      }\n    }\n    responsePlans(first: 3) {\n      nodes {\n        id\n        title {\n          value\n        }\n      }\n    }\n    quarterlySummaries(first: 2) {\n      nodes {\n        id\n        quarter\n        counts {\n          dimension\n          value\n          count\n        }\n      }\n    }\n  }\n}");
export const ExploitedNotInCatalogueDocument = typed<ExploitedNotInCatalogueQuery, ExploitedNotInCatalogueQueryVariables>("query ExploitedNotInCatalogue($since: DateTime!, $catalogue: ExploitationCatalogue = CISA_KEV, $first: Int = 50, $after: String) {\n  exploitationStatements(\n    filter: {since: $since, catalogue: $catalogue}\n    first: $first\n    after: $after\n  ) {\n    nodes {\n      id\n      assertedBy\n      reportedAt {\n        utc\n      }\n      dueDate {\n        utc\n      }\n      vulnerability {\n        id\n        name\n        exploitation(first: 20) {\n          nodes {\n            id\n            catalogue\n          }\n          pageInfo {\n            hasNextPage\n          }\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}");
export const IncidentsOfMemberStateDocument = typed<IncidentsOfMemberStateQuery, IncidentsOfMemberStateQueryVariables>("query IncidentsOfMemberState($code: String!, $first: Int = 10, $afterPublic: String, $afterUnion: String, $afterFiles: String) {\n  memberState(code: $code) {\n    id\n    name\n    cyberIncidents(first: $first, after: $afterPublic) {\n      nodes {\n        id\n        name\n        startedAt {\n          utc\n          precision\n        }\n        incidentTypes\n        actors {\n          name\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n    unionIncidents(first: $first, after: $afterUnion) {\n      nodes {\n        id\n        caseNumber\n        state\n        timeline {\n          occurred\n          detected\n        }\n        rsit {\n          code\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n    notificationFiles(first: $first, after: $afterFiles) {\n      nodes {\n        id\n        awareAt\n        sector\n        entityPseudonym\n        stages {\n          kind\n          state\n          dueAt\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n}");
export const CasesWithoutAssessmentDocument = typed<CasesWithoutAssessmentQuery, CasesWithoutAssessmentQueryVariables>("query CasesWithoutAssessment($workflow: CaseWorkflow = ACTIVE, $first: Int = 25, $after: String) {\n  jointCaseRecords(filter: {workflow: $workflow}, first: $first, after: $after) {\n    nodes {\n      id\n      title\n      phase\n      nextReviewAt\n      statesAffected {\n        state {\n          code\n        }\n        impact\n        assessedBy {\n          name\n        }\n      }\n      threads {\n        memberState\n        state\n        value\n        at\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}");
export const ReadersOfRecordAuditDocument = typed<ReadersOfRecordAuditQuery, ReadersOfRecordAuditQueryVariables>("query ReadersOfRecordAudit($first: Int = 50, $after: String, $inquiry: String) {\n  disclosures(first: $first, after: $after, inquiry: $inquiry) {\n    nodes {\n      id\n      seq\n      at\n      kind\n      organisation\n      purpose\n      policy\n      correlationId\n      recordCount\n      records(first: 20) {\n        community\n        id\n        type\n        version\n        tlp\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}");
export const ReadersOfRecordDocument = typed<ReadersOfRecordQuery, ReadersOfRecordQueryVariables>("query ReadersOfRecord($record: ID, $first: Int = 25, $after: String) {\n  ownReads(record: $record, first: $first, after: $after) {\n    nodes {\n      at\n      organisation\n      purpose\n      correlationId\n      recordCount\n      records(first: 10) {\n        id\n        type\n        version\n        tlp\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}");
export const ChangesDocument = typed<ChangesQuery, ChangesQueryVariables>("query Changes($since: DateTime, $kinds: [RecordKind!], $first: Int = 50, $enisa: String, $certEu: String, $europol: String, $eeas: String, $defence: String, $jointUnit: String) {\n  changes(since: $since, kinds: $kinds) {\n    enisa(first: $first, after: $enisa) {\n      ...Page\n    }\n    certEu(first: $first, after: $certEu) {\n      ...Page\n    }\n    europol(first: $first, after: $europol) {\n      ...Page\n    }\n    eeas(first: $first, after: $eeas) {\n      ...Page\n    }\n    defence(first: $first, after: $defence) {\n      ...Page\n    }\n    jointUnit(first: $first, after: $jointUnit) {\n      ...Page\n    }\n  }\n}\n\nfragment Page on ChangeConnection {\n  nodes {\n    recordId\n    kind\n    version\n    at\n    isGone\n    mayRepeat\n  }\n  pageInfo {\n    hasNextPage\n    endCursor\n  }\n  startsOver\n  upTo\n}");
export const TasksAndDeadlinesDocument = typed<TasksAndDeadlinesQuery, TasksAndDeadlinesQueryVariables>("query TasksAndDeadlines($from: DateTime!, $to: DateTime!, $first: Int = 25) {\n  myTasks {\n    id\n    jointUnit(first: $first) {\n      recordId\n      workflow\n      part\n      since\n      mutations\n    }\n    enisa(first: $first) {\n      recordId\n      workflow\n      part\n      since\n      mutations\n    }\n  }\n  deadlines(from: $from, to: $to) {\n    id\n    jointUnit(first: $first) {\n      recordId\n      workflow\n      name\n      event\n      dueAt\n      obliged {\n        name\n      }\n    }\n    enisa(first: $first) {\n      recordId\n      workflow\n      name\n      event\n      dueAt\n      obliged {\n        name\n      }\n    }\n  }\n}");
export const OnDutyDocument = typed<OnDutyQuery, OnDutyQueryVariables>("query OnDuty($at: DateTime, $function: DutyFunction, $first: Int = 25) {\n  onDuty(at: $at) {\n    id\n    jointUnit(function: $function, first: $first) {\n      id\n      function\n      from\n      to\n      organisation {\n        name\n      }\n      memberState {\n        code\n      }\n      channels {\n        kind\n        address\n      }\n      lastReachTest {\n        at\n        answeredInMinutes\n      }\n      fallback\n    }\n  }\n}");
export const SearchDocument = typed<SearchQuery, SearchQueryVariables>("query Search($text: String!, $kinds: [RecordKind!], $since: DateTime, $first: Int = 5) {\n  search(text: $text, kinds: $kinds, since: $since) {\n    id\n    vulnerabilities {\n      id\n    }\n    threatActors {\n      id\n    }\n    indicators {\n      id\n    }\n    jointCases {\n      id\n    }\n    enisa(first: $first) {\n      ...Hits\n    }\n    certEu(first: $first) {\n      ...Hits\n    }\n    europol(first: $first) {\n      ...Hits\n    }\n    eeas(first: $first) {\n      ...Hits\n    }\n    defence(first: $first) {\n      ...Hits\n    }\n    jointUnit(first: $first) {\n      ...Hits\n    }\n  }\n}\n\nfragment Hits on SearchConnection {\n  nodes {\n    id\n    kind\n    title\n    matches {\n      field\n      excerpt {\n        text\n        isMatch\n      }\n    }\n  }\n  pageInfo {\n    hasNextPage\n    endCursor\n  }\n}");
export const SuggestDocument = typed<SuggestQuery, SuggestQueryVariables>("query Suggest($text: String!) {\n  suggest(text: $text) {\n    id\n    enisa {\n      ...Name\n    }\n    certEu {\n      ...Name\n    }\n    europol {\n      ...Name\n    }\n    eeas {\n      ...Name\n    }\n    defence {\n      ...Name\n    }\n    jointUnit {\n      ...Name\n    }\n  }\n}\n\nfragment Name on SearchHit {\n  id\n  kind\n  title\n}");
export const NodesDocument = typed<NodesQuery, NodesQueryVariables>("query Nodes($ids: [ID!]!) {\n  nodes(ids: $ids) {\n    __typename\n    id\n    ... on Vulnerability {\n      name\n    }\n    ... on ThreatActor {\n      name\n    }\n    ... on MemberState {\n      code\n    }\n    ... on Advisory {\n      envelope {\n        ...Marking\n      }\n      serial\n      title {\n        value\n      }\n    }\n    ... on ExploitationStatement {\n      envelope {\n        ...Marking\n      }\n      catalogue\n      vulnerability {\n        name\n      }\n    }\n    ... on JointCaseRecord {\n      envelope {\n        ...Marking\n      }\n      caseTitle: title\n    }\n    ... on MispEvent {\n      envelope {\n        ...Marking\n      }\n      info {\n        value\n      }\n    }\n    ... on UnionIncident {\n      envelope {\n        ...Marking\n      }\n      caseNumber\n      state\n    }\n  }\n}\n\nfragment Marking on Envelope {\n  version\n  marking {\n    tlp\n    pap\n  }\n}");
export const PageWithTotalDocument = typed<PageWithTotalQuery, PageWithTotalQueryVariables>("query PageWithTotal($first: Int = 10, $after: String, $max: Int = 1000, $since: DateTime) {\n  advisories(\n    filter: {since: $since}\n    first: $first\n    after: $after\n    orderBy: {direction: DESC}\n  ) {\n    total(max: $max) {\n      value\n      exact\n    }\n    nodes {\n      id\n      serial\n      publishedAt {\n        utc\n      }\n      title {\n        value\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}");